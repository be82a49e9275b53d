// tests/console/test_public.py reads these lines from the page and runs them against the service.

/** A picture there and back. `$AUTH` is the header with the access token, `$JOB` the id in the first answer. */
export const COMMANDS = [
  'curl $URL/encrypt            -H "$AUTH" -H "Prefer: wait=30" -F image=@scan.png',
  'curl $URL/jobs/$JOB/result   -H "$AUTH" -o scan.enc.png',
  'curl $URL/jobs/$JOB/key-file -H "$AUTH" -o scan.enc.qkey',
  'curl $URL/decrypt            -H "$AUTH" -F encrypted_image=@scan.enc.png -F key_file=@scan.enc.qkey -o back.png',
];

export const ANSWER = ["HTTP/1.1 200 OK   Preference-Applied: wait=30", '{"job_id": "job_01a2291e…05bf", "status": "completed", "layout": "pixels", …}'];
