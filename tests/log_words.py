"""The words that the app's log lines may be made of: those of its own texts, taken out of its source.

`python -m tests.log_words` writes them into `shared/domain/log_words.py`; a test says when that is to be done.
"""

import ast
import importlib
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.domain.errors import RecorderError
from shared.domain.log_values import JOINT, MARKS

ROOT = Path(__file__).parents[1]
LISTED = ROOT / "shared" / "domain" / "log_words.py"
WIDTH = 116
DIGITS_MAX = 6  # of a word: as many as a number may have
CHARACTERS_MAX = 60  # of a word; what is longer is an address or a pattern
# What refuses requests, and examples: their texts go to callers, and are in no log line.
UNHEARD = ("shared/api/", "shared/domain/log", "shared/domain/call_locators.py")
HEAD = '''"""The words of the app's own texts: a log line has no others. Written by `python -m tests.log_words`."""

WORDS = frozenset(
    """
'''
TAIL = '''
    """.split()  # noqa: SIM905 - a thousand words, a dozen a line
)
'''


def sources() -> Iterator[Path]:
    for path in sorted((ROOT / "shared").rglob("*.py")):
        if not path.relative_to(ROOT).as_posix().startswith(UNHEARD):
            yield path


def texts() -> Iterator[str]:
    """Every text in the code that may become a part of a log line, and the meanings of errors, which are messages."""
    for path in sources():
        tree = ast.parse(path.read_text())
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield node.value
            elif isinstance(node, ast.AnnAssign):
                yield ast.unparse(node.target)  # a column
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    yield from (error.__doc__ or "" for error in errors(RecorderError))


def errors(root: type[RecorderError]) -> Iterator[type[RecorderError]]:
    yield root
    for error in root.__subclasses__():
        yield from errors(error)


def words_of(lines: Iterable[str]) -> set[str]:
    """The words of texts, save those that a log line may have anyway."""
    found = {part for line in lines for word in line.split() for part in word.strip(MARKS).split(JOINT)}
    return {word for word in found if is_word(word)}


def is_word(text: str) -> bool:
    is_plain = text.isprintable() and "\\" not in text and not set(text) & set("^$*{}<>|&%")
    is_short = len(text) <= CHARACTERS_MAX and sum(letter.isdigit() for letter in text) <= DIGITS_MAX
    return is_plain and is_short and any(letter.isalpha() for letter in text)


def document(words: Iterable[str]) -> str:
    listed = textwrap.fill(
        " ".join(sorted(words)),
        WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{HEAD}{listed}{TAIL}"


if __name__ == "__main__":
    LISTED.write_text(document(words_of(texts())))
