import numpy as np
import pytest

from shield_core.analysis import charts
from shield_core.analysis.charts import MAX_POINTS
from shield_core.analysis.measures.tally import DIRECTIONS
from tests.core.analysis import plain
from tests.core.analysis.pictures import KINDS, noise, ramp


class TestScatter:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("direction", DIRECTIONS)
    def test_a_small_picture_shows_every_pair(self, kind, direction):
        picture = noise(13, 9, depth=kind[0], lanes=kind[1])
        found = charts.scatter(picture, picture)[f"original_{direction}"]
        pixels = zip(*plain.neighbors(picture, direction), strict=True)
        assert list(zip(found["x"], found["y"], strict=True)) == [pair for pixel in pixels for pair in pixel]
        assert found["max"] == picture.top

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("direction", DIRECTIONS)
    def test_large_picture_shows_the_maximum_of_pairs(self, kind, direction):
        picture = noise(90, 70, depth=kind[0], lanes=kind[1])
        found = charts.scatter(picture, picture)[f"encrypted_{direction}"]
        pairs = list(zip(found["x"], found["y"], strict=True))
        assert len(pairs) == MAX_POINTS
        assert set(pairs) <= {pair for channel in plain.neighbors(picture, direction) for pair in channel}

    def test_points_are_spread_over_the_whole_picture(self):
        """Every field of a 16 by 16 board gets points; blue tells the column, red the row."""
        y, x = np.mgrid[:256, :256].astype(np.uint8)
        from shield_core.analysis.measures.picture import Picture

        column = Picture(x.reshape(-1, 1), 256, 256)
        row = Picture(y.reshape(-1, 1), 256, 256)
        found = charts.scatter(column, row)
        board = np.zeros((16, 16), int)
        np.add.at(
            board,
            (np.array(found["original_vertical"]["x"]) // 16, np.array(found["encrypted_vertical"]["x"]) // 16),
            1,
        )
        assert board.min() >= 4
        assert board.max() <= 14

    @pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 50), (50, 1)])
    def test_directions_without_neighbors_are_empty(self, width, height):
        found = charts.scatter(noise(width, height), noise(width, height))
        assert len(found["original_horizontal"]["x"]) == (width - 1) * height * 3
        assert len(found["original_vertical"]["y"]) == width * (height - 1) * 3
        assert found["original_diagonal"] == {"x": [], "y": [], "max": 255}

    def test_it_is_the_same_every_time(self):
        assert charts.scatter(ramp(90, 70), noise(90, 70)) == charts.scatter(ramp(90, 70), noise(90, 70))
