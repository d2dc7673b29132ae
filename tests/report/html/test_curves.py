"""Lines and bands: every point lies inside the drawing, in order, and zero is drawn exactly where the plane holds it."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from abstory.report.html.figures.curves import Line, Plane, Point, curves, plane

REAL = st.floats(-1e6, 1e6)
END = REAL | st.sampled_from([math.inf, -math.inf])


@st.composite
def lines(draw):
    made = []
    for stroke in range(1, draw(st.integers(2, 4))):
        xs = sorted(draw(st.lists(st.integers(0, 50), min_size=1, max_size=8, unique=True)))
        ends = [sorted((draw(END), draw(END))) for _ in xs]
        made.append(
            Line(
                "a",
                [Point(x, draw(REAL), *(end if draw(st.booleans()) else ())) for x, end in zip(xs, ends, strict=True)],
                stroke,
            )
        )
    return made


@given(lines(), st.booleans())
def test_everything_lies_inside(made, zero):
    shown = plane(made, zero=zero)
    text = str(curves("title", "desc", shown, made))
    for points in re.findall(r'points="([^"]+)"', text):
        places = [tuple(map(float, pair.split(","))) for pair in points.split()]
        assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in places)
    for line in made:
        xs = [shown.x(point.x) for point in line.points]
        assert xs == sorted(xs)
    assert ('class="zero"' in text) == (shown.bottom <= 0 <= shown.top)
    assert 'class="zero"' in text or not zero


@given(lines())
def test_every_point_is_in_the_plane_itself(made):
    """Only ends of bands may run off it."""
    shown = plane(made, zero=False)
    assert all(shown.bottom <= point.y <= shown.top for line in made for point in line.points)


def test_more_is_higher_and_later_is_further_right():
    shown = Plane(0, 10, -1, 1)
    assert (shown.x(0), shown.x(10), shown.y(1), shown.y(-1), shown.y(0)) == (0, 100, 0, 100, 50)
