"""Failures: how often to save, and what share of the time is left for training.

A run on many devices is interrupted by whichever fails first. Between saves work is lost; saving
takes time too. Young's rule balances the two, and a simulation says how well.
"""

import numpy as np

from course.units import between, positive, single, whole


def mean_time_between(n_failures, days):
    """Seconds from one interruption to the next: days · 86,400 / n_failures; broadcasts."""
    return positive("days", days) * 86_400 / positive("n_failures", n_failures)


def youngs_interval(save_s, between_s):
    """√(2 · save · M): seconds of work between saves that lose least, to first order; broadcasts.

    Source: Young 1974, CACM 17(9); M is the mean time between interruptions.
    """
    return np.sqrt(2 * positive("save_s", save_s) * positive("between_s", between_s))


def dalys_interval(save_s, between_s):
    """Young's interval to higher order, for saves that are not short beside M; broadcasts.

    √(2δM) · [1 + √(δ/2M)/3 + δ/18M] - δ for δ < 2M, and M beyond. Source: Daly 2006, eq. 37.
    """
    save_s, between_s = positive("save_s", save_s), positive("between_s", between_s)
    x = save_s / (2 * between_s)
    inner = np.sqrt(2 * save_s * between_s) * (1 + np.sqrt(x) / 3 + x / 9) - save_s
    return np.where(x < 1, inner, between_s)[()]


def goodput(interval_s, save_s, between_s, restart_s=0.0):
    """The share of time that is work which is kept, for exponential failures; broadcasts.

    A segment of `interval_s` work and a save is tried until it ends without a failure; each failure
    costs what was done of it, and a restart. E[time] = (M + restart)(e^((τ + δ)/M) - 1), and the
    share is τ over that. Restarts are taken to fail as well.
    """
    interval_s, save_s = positive("interval_s", interval_s), between("save_s", save_s, 0, 1e12)
    between_s = positive("between_s", between_s)
    restart_s = between("restart_s", restart_s, 0, 1e12)
    tries = np.expm1(np.minimum((interval_s + save_s) / between_s, 700))
    return interval_s / ((between_s + restart_s) * tries)


def simulate(interval_s, save_s, between_s, restart_s=0.0, days=54.0, seed=0):
    """(share of work kept, failures) of one made-up run, failure by failure.

    Args:
        interval_s: work between saves.
        save_s: what a save takes.
        between_s: mean time between interruptions, exponential.
        restart_s: what a restart takes.
        days: length of the run.
        seed: of the random numbers.
    """
    end = single("days", positive("days", days)) * 86_400
    interval_s = single("interval_s", positive("interval_s", interval_s))
    rng = np.random.default_rng(int(whole("seed", seed, 0)))
    time = kept = 0.0
    failures = 0
    next_failure = rng.exponential(between_s)
    while time < end:
        done = time + interval_s + save_s
        if done <= next_failure:
            time, kept = done, kept + interval_s
            continue
        failures += 1
        time = next_failure + restart_s
        next_failure = time + rng.exponential(between_s)
    return kept / time, failures
