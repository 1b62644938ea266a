"""The measurement of a cold start: it runs the package, and says what it measured."""

from pathlib import Path

from local.cold_start import FORMS, measured, table, without_byte_code


def test_a_process_that_sees_only_the_package_is_indexed_and_then_has_its_sdks(package: Path) -> None:
    indexed, loaded = measured(package)

    assert 0 < indexed < loaded


def test_the_other_form_has_no_byte_code_and_everything_else(package: Path, tmp_path: Path) -> None:
    bare = without_byte_code(package, tmp_path)

    assert list(bare.rglob("*.pyc")) == []
    assert {path.relative_to(bare) for path in bare.rglob("*.py")} == {
        path.relative_to(package) for path in package.rglob("*.py")
    }


def test_the_table_has_the_least_and_the_median_in_milliseconds() -> None:
    samples = {form: [(0.3, 0.5), (0.1, 0.7), (0.2, 0.6)] for form in FORMS}

    assert table(samples).splitlines()[2:] == [f"| {form} | 100 / 200 | 500 / 600 |" for form in FORMS]
