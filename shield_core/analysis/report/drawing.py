"""Figures as SVG."""

from html import escape

from shield_core.analysis.report.figures import Area, Dots, Figure, Line, Point, Text


def draw(figure: Figure) -> str:
    """Write a figure as an `svg` element with a name for screen readers.

    Args:
        figure: any.
    """
    shapes = "".join(_shape(shape) for shape in figure.shapes)
    label = escape(f"{figure.title}. {figure.seen}")
    size = f"0 0 {_number(figure.width)} {_number(figure.height)}"
    return f'<svg viewBox="{size}" role="img" aria-label="{label}">{shapes}</svg>'


def _shape(shape: Line | Area | Dots | Text) -> str:
    if isinstance(shape, Text):
        x, y = shape.at
        place = f'x="{_number(x)}" y="{_number(y)}" font-size="{_number(shape.size)}" text-anchor="{shape.anchor}"'
        return f'<text class="f-{shape.role}" {place}>{escape(shape.words)}</text>'
    if isinstance(shape, Dots):
        # A line of length zero with round ends is a dot, and takes a third of the bytes of a circle.
        dots = "".join(f"M{_pair(point)}h0" for point in shape.points)
        return f'<path class="dots s-{shape.role}" stroke-width="{_number(2 * shape.radius)}" d="{dots}"/>'
    path = "M" + "L".join(_pair(point) for point in shape.points)
    if isinstance(shape, Area):
        return f'<path class="faint f-{shape.role}" d="{path}Z"/>'
    return f'<path class="stroke s-{shape.role}" stroke-width="{_number(shape.width)}" d="{path}"/>'


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
