import { CodeBlock } from "@/ui/code-block.tsx";
import { List, Rows, To, type Part } from "./part.tsx";

/** What a person does with pictures and keys. */
export const USING: Part[] = [
  {
    id: "encrypt",
    title: "Encrypt a picture",
    content: (
      <>
        <p>Drop a picture on <To href="/encrypt">Encrypt</To>. You get a PNG of noise that every viewer opens, a key file, and a receipt. You can close the page meanwhile: an accepted job always ends, and its link brings you back.</p>
        <p>What comes back later depends on the layout. <strong>Auto</strong> decides by the picture and says why.</p>
        <Rows rows={[
          { name: "Pixels", text: "For PNG, BMP and TIFF. The encrypted picture has the same width and height. Every pixel comes back; the bytes of the file may differ, because it is compressed again." },
          { name: "File", text: "For JPEG and everything else. The noise is just big enough for the file, and the identical file comes back." },
        ]} />
        <p>A picture may have 50 MB; 25 megapixels as pixels, 200 as a file. HEIC, raw and other formats that the service does not decode are kept byte for byte. An SVG is refused, because it is a program.</p>
      </>
    ),
  },
  {
    id: "purity",
    title: "Purity: how measured bits are used",
    content: (
      <>
        <p><strong>The strength is 256 bits in all four.</strong> Each key also has 512 bits of the operating system’s generator, and these alone carry it. A simulator is credited zero bits, and the receipt says so.</p>
        <Rows rows={[
          { name: "Fast", text: "Uses measured bits that already wait in the worker." },
          { name: "Balanced", text: "Runs new circuits for this picture. The default." },
          { name: "Multistage", text: "A seed of its own, with circuits of its own, for every MiB that is encrypted." },
          { name: "Maximum", text: "A measured bit for every bit of keystream. It makes a third file, the material, about 2.7 times the pixels; without it the picture does not open. It is no one-time pad." },
        ]} />
        <p>If a source fails, the picture is encrypted with the system’s bits and is as strong. Job and receipt then say “degraded”.</p>
      </>
    ),
  },
  {
    id: "who",
    title: "Who can open it",
    content: (
      <>
        <Rows rows={[
          { name: "The service", text: "The default. The service keeps the key for your account: there is no password to lose, and the operator could open the picture." },
          { name: "A password", text: "The key file is under a password of at least 12 characters. The service needs it each time, and cannot reset it." },
          { name: "Recipients", text: "You name public keys. Only the holders of the secret keys open the picture, on their own machines; the service cannot." },
        ]} />
        <p>With each of them the service sees the picture and its key while it encrypts. Only the command line keeps both on your machine.</p>
      </>
    ),
  },
  {
    id: "keys",
    title: "Key files, and what losing one means",
    content: (
      <>
        <List>
          <li><strong>Keep the key file apart from the picture.</strong> Whoever has both opens it, unless the key file is under a password or for recipients.</li>
          <li>A key file that was downloaded or shared cannot be called back.</li>
          <li>If the service keeps the key, a lost key file can be downloaded again as long as the job is kept.</li>
          <li>A password, or the secret key of a recipient, cannot be restored. <strong>If every key is lost, nobody can help.</strong></li>
        </List>
        <p>Keep <To href="/open.html">the opener</To> with your key files. It is one HTML file that opens pictures years later, without this service and without a network.</p>
      </>
    ),
  },
  {
    id: "decrypt",
    title: "Decrypt a picture",
    content: (
      <>
        <Rows rows={[
          { name: "By the service", text: <>Drop picture and key file on <To href="/decrypt">Decrypt</To>. A picture that your account encrypted here needs no key file. The result is kept for 15 minutes, or 60 seconds once you have downloaded it.</> },
          { name: "In your browser", text: "The same page, with the other choice: picture, key and password stay on your machine. It needs https or localhost." },
          { name: "The opener", text: <><To href="/open.html">One page to save</To>, for a machine without this service. It opens from the disk and sends nothing.</> },
          { name: "The command line", text: <><code>imageshield decrypt scan.enc.png --key scan.enc.qkey</code></> },
        ]} />
        <p>A wrong key, a wrong password and a changed file all give the same answer: separate answers would help an attacker. One changed bit is enough, and then nothing is given out.</p>
        <p>Send the encrypted picture as a file. Chat programs and editors that save a picture again remove its header. If only its PNG was saved again and its pixels are the same, the service can open it with the header that it kept; as a JPEG it is lost.</p>
      </>
    ),
  },
  {
    id: "regions",
    title: "Regions, and what they do not hide",
    content: (
      <>
        <p>Draw up to 64 rectangles on the picture: only these are encrypted, everything else stays readable. Decryption gives the whole picture back.</p>
        <List>
          <li>Number, size and place of the rectangles are visible. Where a word or a face was, and how large, reveals much. Below 4,096 pixels the job warns.</li>
          <li>In a JPEG, pixels up to 15 beside a rectangle hold traces of what is in it. <strong>Leave a margin of 16 pixels.</strong></li>
          <li>A second picture of the same scene, or the same one with other regions, shows what this one hides.</li>
        </List>
      </>
    ),
  },
];

/** What programs and readers of numbers need. */
export const BEYOND: Part[] = [
  {
    id: "batches",
    title: "Many pictures at once",
    content: <p>Drop up to 100 pictures or a folder on <To href="/batch">Batch</To>. Each is a job like any other. A bad picture fails alone, with its reason; the others go on. At the end you get one zip of everything, and you can retry what failed.</p>,
  },
  {
    id: "webhooks",
    title: "Webhooks",
    content: <p>A <To href="/webhooks">webhook</To> tells your server that a job has ended. Messages are signed as Standard Webhooks 1.0.0 says: verify the signature before you trust one. The log shows every attempt, and a message can be sent again. Addresses must be https and public, unless the operator allows others.</p>,
  },
  {
    id: "analysis",
    title: "What the analysis shows, and what it does not",
    content: (
      <>
        <p>Ask for it when you encrypt. Each number of the encrypted picture stands beside what true noise would give: entropy, histogram, neighbors, and how two encryptions of the same picture differ. The letter follows from the tests that passed, and opens to its rules.</p>
        <p><strong>These numbers can expose a bad cipher. They cannot prove a good one.</strong> A generator with a seed that anybody can guess passes all of them. The key keeps a picture secret, and no statistic measures the key. Quantum bits change none of these numbers.</p>
      </>
    ),
  },
];

/** First steps with the API. tests/console/test_public.py runs them as they stand on the page. */
export const apiPart = (origin: string): Part => ({
  id: "api",
  title: "First steps with the API",
  content: (
    <>
      <p>Make an account, and get an access token. It is valid for 15 minutes.</p>
      <CodeBlock
        label="Commands that make an account and get a token"
        lines={[
          `URL=${origin}/api/v1`,
          `curl $URL/auth/register --json '{"email": "ada@example.org", "password": "correct horse battery"}'`,
          "curl $URL/auth/token -d grant_type=password -d username=ada@example.org -d 'password=correct horse battery'",
          'AUTH="Authorization: Bearer PASTE-THE-ACCESS-TOKEN"',
        ]}
      />
      <p>Encrypt a picture, and wait up to 30 seconds for the finished job. Without <code>Prefer</code> the answer comes at once, and you follow the job.</p>
      <CodeBlock
        label="Commands that encrypt a picture and download the result"
        lines={[
          'curl $URL/encrypt -H "$AUTH" -H "Prefer: wait=30" -F image=@scan.png',
          "JOB=PASTE-THE-JOB-ID",
          'curl $URL/jobs/$JOB/result -H "$AUTH" -o scan.enc.png',
          'curl $URL/jobs/$JOB/key-file -H "$AUTH" -o scan.enc.qkey',
          'curl $URL/jobs/$JOB/receipt -H "$AUTH" -o scan.receipt.json',
          'curl $URL/decrypt -H "$AUTH" -F encrypted_image=@scan.enc.png -F key_file=@scan.enc.qkey -o back.png',
        ]}
      />
      <p>Every address is in <To href="/docs">the API reference</To>, where you can try them. Send an <code>Idempotency-Key</code> with a request that you may have to repeat: the work is then done once. Errors are problem documents: their <code>type</code> is the address of a page with reasons and remedies, such as <To href="/docs/problems/decryption-failed">decryption-failed</To>.</p>
    </>
  ),
});
