"""The right names that are nearest to a wrong one, which errors suggest."""

from collections.abc import Iterable


def nearest(wrong: str, names: Iterable[str], most: int = 1, *, begin_alike: bool = False) -> list[str]:
    """The names most similar to a wrong one, the nearest first; empty if none is similar.

    Args:
        most: how many names to return at most; a second one only if it is about as near as the first.
        begin_alike: whether all names share a prefix. Any name with that prefix is then rather similar, so more similarity is required.
    """
    from rapidfuzz import fuzz, process  # noqa: PLC0415  # only mistakes need it, and it takes 4 MB in every worker

    choices = list(dict.fromkeys(names))
    least = 78 if begin_alike else 70
    near = process.extract(wrong, choices, scorer=fuzz.ratio, processor=str.lower, limit=most, score_cutoff=least)
    if not near and len(wrong) >= 4 and not begin_alike:  # it may be a part of a name
        near = process.extract(
            wrong, choices, scorer=fuzz.partial_ratio, processor=str.lower, limit=most, score_cutoff=85
        )
    return [name for name, likeness, _ in near if likeness >= near[0][1] - 10]
