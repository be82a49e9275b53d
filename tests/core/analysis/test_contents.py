import pytest

from shield_core.analysis.report.contents import write
from tests.core.analysis.reports import KINDS, STATEMENT, about, analysis_of


class TestWrite:
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_can_be_put_in_words(self, kind):
        contents = write(analysis_of(kind), about())
        assert contents.title == "holiday.png"
        assert len(contents.results) == 10
        assert len(contents.rules) == 11
        assert contents.limits

    def test_facts_name_pictures_job_key_and_versions(self):
        facts = dict(write(analysis_of("sound"), about(image={"format": "PNG", "mode": "RGB", "bytes": 1234})).facts)
        assert facts["Original"] == "PNG RGB, 1,234 bytes, 200 by 150 pixels, 3 samples of 8 bits each"
        assert facts["Encrypted image"] == "200 by 150 pixels, 3 samples of 8 bits each"
        assert (facts["Job"], facts["Key"]) == ("job_1", "key_1")
        assert facts["Key space"] == "256 bits: 2^256 keys"
        assert facts["Report made"] == "2026-03-14 15:09:26 UTC"
        assert facts["Software"] == "ImageShield 0.1.0, analysis version 1"

    def test_a_picture_that_was_converted_says_from_what(self):
        assert "measured as converted from CMYK" in dict(write(analysis_of("converted"), about()).facts)["Original"]

    def test_critical_values_need_two_comparable_pictures(self):
        assert len(write(analysis_of("sound"), about()).critical) == 3
        assert write(analysis_of("holds a file, cipher unknown"), about()).critical == ()

    def test_number_is_shown_beside_the_original(self):
        results = {result.name: result for result in write(analysis_of("sound"), about()).results}
        assert results["Correlation, vertical"].was == "0.9999"
        assert results["NPCR between ciphertexts"].was == ""
        assert any(name.startswith("Mean squared error (PSNR") for name in results)

    def test_what_was_not_tested_says_why(self):
        results = {result.name: result for result in write(analysis_of("identical"), about()).results}
        assert results["NPCR between ciphertexts"].verdict == "not tested"
        assert "cipher" in results["NPCR between ciphertexts"].reason
        assert "Mean squared error (none: the pictures are equal)" in results

    def test_letter_has_meaning_and_false_alarm_rate(self):
        contents = write(analysis_of("sound"), about())
        assert contents.letter == "A"
        assert contents.letter_words.endswith("passed.")
        assert "1 of 100,000 pictures" in contents.false_alarm
        assert "once in 10,000 pictures" in contents.false_alarm

    @pytest.mark.parametrize(("kind", "reason"), [("one pixel", "fewer than 16,384"), ("regions", "only regions")])
    def test_a_withheld_letter_says_why(self, kind, reason):
        contents = write(analysis_of(kind), about())
        assert contents.letter is None
        assert contents.letter_words.startswith("Withheld: ")
        assert reason in contents.letter_words
        assert contents.false_alarm == "No test was made."

    def test_regions_are_named_with_their_share(self):
        assert "Only 4.0 % of its pixels are encrypted" in write(analysis_of("regions"), about()).lead

    def test_a_simulator_is_credited_with_nothing(self):
        contents = write(analysis_of("sound"), about())
        assert dict(contents.provenance)["Entropy credited"] == "0 bits"
        assert "credited with zero entropy" in contents.provenance_words

    def test_device_has_credit_of_the_statement(self):
        statement = STATEMENT | {
            "source": {"name": "lab", "kind": "hardware"},
            "raw": {"bits": 4096, "credited_bits": 2048},
        }
        contents = write(analysis_of("sound"), about(statement=statement))
        assert dict(contents.provenance)["Entropy credited"] == "2,048 bits"
        assert "system's random bits alone" in contents.provenance_words

    def test_a_degraded_draw_is_named(self):
        provenance = dict(write(analysis_of("sound"), about(statement=STATEMENT | {"degraded": True})).provenance)
        assert provenance["Degraded"].startswith("yes")

    def test_two_pictures_without_a_job_are_enough(self):
        unknown = dict.fromkeys(("name", "job_id", "key_id", "purity", "layout", "statement"))
        contents = write(analysis_of("identical"), about(**unknown))
        assert contents.title == "Two pictures"
        assert contents.provenance == ()
        assert "not known" in contents.provenance_words
