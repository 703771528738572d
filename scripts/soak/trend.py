"""Whether a series rises: the line of least squares through its second half, and how sure that line is."""

from dataclasses import dataclass
from math import sqrt

BLOCKS = 10
# Of Student's distribution, two-sided 99 %, for the degrees of freedom that ten blocks leave.
QUANTILE = 3.355


@dataclass
class Trend:
    start: float
    end: float
    level: float  # at `start`
    slope: float  # for each second
    error: float  # how far the slope may be off, at 99 %

    @property
    def rise(self):
        return self.slope * (self.end - self.start)

    def is_zero(self, resolution):
        """Whether nothing rises, or no more than noise does, or than `resolution` over the whole time."""
        return self.slope <= self.error or self.rise <= resolution


def trend(times, values):
    """Of the second half. Neighbouring samples resemble each other, which would make the line look surer than it is:
    so the means of blocks are taken instead of the samples."""
    size = len(times) // 2 // BLOCKS
    first = len(times) - size * BLOCKS
    starts = range(first, len(times), size)
    x = [sum(times[start:start + size]) / size for start in starts]
    y = [sum(values[start:start + size]) / size for start in starts]
    mean_x, mean_y = sum(x) / BLOCKS, sum(y) / BLOCKS
    spread = sum((value - mean_x) ** 2 for value in x)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / spread
    residuals = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y))
    error = QUANTILE * sqrt(residuals / (BLOCKS - 2) / spread)
    return Trend(times[first], times[-1], mean_y + slope * (times[first] - mean_x), slope, error)
