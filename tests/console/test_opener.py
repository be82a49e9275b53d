"""The opener, from the disk (`file://`), in Chromium and in Firefox, with vectors of the format."""

import hashlib
import json
import re
import shutil
from contextlib import contextmanager

import pytest

from imageshield.commands.offline.opener import BUILT
from shield_core.image import intake, payload
from shield_core.image.framing import frame
from shield_core.image.payload import Layout
from tests.console.accessibility import violations_of
from tests.console.browsers import FIREFOX, REPORT_VIOLATIONS, demand
from tests.console.firefox import running_firefox
from tests.support.stack import wait_until
from tests.vectors.reading import HERE, read

OPENED = {
    "images/success_pixels_rgb": Layout.PIXELS,
    "images/success_regions_la": Layout.PIXELS,
    "images/success_tiff_mm_i16": Layout.PIXELS,
    "images/success_maximum_pixels": Layout.PIXELS,
    "images/success_file_jpeg": Layout.FILE,
    "images/success_file_other": Layout.FILE,
    "detached/success_interlaced_rgb": Layout.PIXELS,
    "detached/success_file": Layout.FILE,
    "key_files/success_multistage": Layout.PIXELS,
    "key_files/success_passphrase": Layout.PIXELS,
    "key_files/success_passphrase_fips": Layout.PIXELS,
    "key_files/success_recipient": Layout.PIXELS,
}
REFUSED = {
    "images/mac_sample": "The picture does not open.",
    "images/header_missing_removed": "Another program has saved this picture again, or it was never encrypted.",
    "images/header_version_3": "The file was made by a later version of the format.",
    "key_files/key_file_kdf_m_4_gib": "The key file cannot be read.",
    "key_files/commitment_other_image": "The picture does not open.",
}
OUTCOME = """(() => {
  const failure = document.querySelector("#failure b");
  return document.getElementById("result").hidden ? (failure === null ? "" : failure.textContent) : "decrypted";
})()"""
OWN = ("file:", "blob:", "data:")


class Opener:
    """The opener in one browser. Subclasses know how that browser is driven."""

    def give(self, files, *, password="", identity=""):
        self.choose(files)
        wait_until(lambda: self.evaluate("document.querySelectorAll('#chosen li').length") == len(files), "chosen")
        for name, text in (("password", password), ("identity", identity)):
            self.evaluate(f"void (document.getElementById('{name}').value = {json.dumps(text)})")

    def submit(self):
        """Decrypt, and return `decrypted` or the first sentence of the failure."""
        assert not self.evaluate("document.getElementById('open').disabled")
        self.evaluate("document.getElementById('open').click()")
        wait_until(lambda: self.evaluate(OUTCOME), "decrypted or refused", seconds=90)
        return self.evaluate(OUTCOME)


class InChromium(Opener):
    def __init__(self, page):
        self.page, self._seen = page, []
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", lambda message: self._seen.append(message.text) if message.type == "error" else None)
        page.on("request", lambda sent: None if sent.url.startswith(OWN) else self._seen.append(sent.url))
        self.evaluate, self.forget = page.evaluate, self._seen.clear

    def open(self, url):
        self.page.goto(url)

    def choose(self, files):
        self.page.set_input_files("#files", files)

    def save(self):
        with self.page.expect_download() as download:
            self.evaluate("document.getElementById('download').click()")
        return download.value.path().read_bytes()

    def complaints(self):
        return self._seen


class InFirefox(Opener):
    def __init__(self, driven):
        self._driven = driven
        self.open, self.evaluate, self.forget = driven.open, driven.evaluate, driven.forget

    def choose(self, files):
        self._driven.choose_files("#files", files)

    def save(self):
        self.evaluate("document.getElementById('download').click()")
        return self._driven.await_download().read_bytes()

    def complaints(self):
        self._driven.settle()
        return [*self._driven.errors, *(url for url in self._driven.requests if not url.startswith(OWN))]


@contextmanager
def chromium(request, _folder):
    context = request.getfixturevalue("browser").new_context(accept_downloads=True)
    yield InChromium(context.new_page())
    context.close()


@contextmanager
def firefox(_request, folder):
    downloads, profile = folder / "downloads", folder / "profile"
    downloads.mkdir()
    profile.mkdir()
    with running_firefox(demand(FIREFOX), profile, downloads=downloads) as driven:
        yield InFirefox(driven)


@pytest.fixture(scope="module", params=[chromium, firefox], ids=["chromium", "firefox"])
def running(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opener")
    shutil.copyfile(BUILT, folder / "open.html")
    with request.param(request, folder) as opener:
        opener.url = (folder / "open.html").as_uri()
        yield opener


@pytest.fixture
def opener(running):
    """A freshly loaded opener, which must have asked nobody for anything and violated nothing."""
    running.open(running.url)
    yield running
    assert running.complaints() == []


@pytest.fixture
def files_of(tmp_path):
    """Write the files of a vector to the disk, under names that say nothing."""

    def write(vector):
        parts = {"a": vector.image, "b": vector.key_file, "c": vector.material, "d": vector.header}
        for name, data in parts.items():
            if data is not None:
                (tmp_path / name).write_bytes(data)
        return sorted(tmp_path.glob("?"))

    return write


def vector_of(name):
    return read(HERE / f"{name}.vector")


def payload_of(data, layout):
    """Return the SHA-256 of the samples that a file stands for, as vectors have it."""
    if layout is Layout.FILE:
        return hashlib.sha256(frame(data)).hexdigest()
    return hashlib.sha256(payload.build(data, intake.examine(data), layout=layout).samples).hexdigest()


class TestOpener:
    @pytest.mark.parametrize("name", OPENED)
    def test_vector_is_decrypted(self, opener, files_of, name):
        vector = vector_of(name)
        identity = "" if vector.identity is None else vector.fields["identity"]
        opener.give(files_of(vector), password=vector.passphrase or "", identity=identity)
        assert opener.submit() == "decrypted"
        expected = vector.payload or vector_of(f"images/{vector.fields['image']}").payload
        assert payload_of(opener.save(), OPENED[name]) == expected

    @pytest.mark.parametrize("name", REFUSED)
    def test_vector_is_refused_with_a_remedy(self, opener, files_of, name):
        vector = vector_of(name)
        opener.give(files_of(vector), password="wrong")
        assert opener.submit() == REFUSED[name]

    def test_key_file_with_other_line_ends_opens(self, opener, files_of):
        image, key_file = files_of(vector_of("images/success_pixels_rgb"))
        key_file.write_bytes(key_file.read_bytes().replace(b"\n", b"\r\n"))
        opener.give([image, key_file])
        assert opener.submit() == "decrypted"

    def test_identity_is_taken_from_a_file(self, opener, files_of, tmp_path):
        vector = vector_of("key_files/success_recipient")
        files_of(vector)
        (tmp_path / "e").write_text(f"# ada\n\n{vector.fields['identity']}\n")
        opener.give(sorted(tmp_path.glob("?")))
        assert opener.submit() == "decrypted"

    def test_material_is_asked_for(self, opener, files_of):
        image, key_file, _material = files_of(vector_of("images/success_maximum_pixels"))
        opener.give([image, key_file])
        assert opener.submit() == "This picture needs its material file."

    def test_button_says_what_is_missing(self, opener, files_of):
        assert opener.evaluate("document.getElementById('status').textContent") == "Choose a picture first"
        image, _key_file = files_of(vector_of("images/success_pixels_rgb"))
        opener.give([image])
        assert opener.evaluate("document.getElementById('open').disabled")
        assert opener.evaluate("document.getElementById('status').textContent") == "Choose its key file too"

    def test_picture_is_shown(self, opener, files_of):
        opener.give(files_of(vector_of("images/success_pixels_rgb")))
        opener.submit()
        wait_until(lambda: opener.evaluate("document.getElementById('picture').naturalWidth"), "the picture is drawn")

    def test_axe_finds_nothing(self, opener, files_of):
        if isinstance(opener, InFirefox):
            pytest.skip("axe is brought in by Playwright")
        opener.page.emulate_media(reduced_motion="reduce")  # a color on its way to another has no contrast yet
        assert violations_of(opener.page) == []
        opener.give(files_of(vector_of("images/success_pixels_rgb")))
        opener.submit()
        for scheme in ("light", "dark"):
            opener.page.emulate_media(color_scheme=scheme)
            assert violations_of(opener.page) == []

    def test_policy_forbids_every_request(self, opener):
        assert opener.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')") == "refused"
        assert any("connect-src" in line for line in opener.complaints())
        opener.forget()


class TestBuild:
    def test_is_the_one_of_the_documents(self):
        documented = re.search(r"\b[0-9a-f]{64}\b", (HERE.parents[1] / "docs/reference/opener.md").read_text())
        assert hashlib.sha256(BUILT.read_bytes()).hexdigest() == documented[0], "make fix"

    def test_names_no_other_host(self):
        assert re.findall(r"https?://[^\s\"'`]+", BUILT.read_text()) == []
