"""usage: select_refit.py rows FOLDER TRAIN    writes some.txt and all.txt: rows of the training set and the pool behind it, TRAIN of
                                            them and the choices, without the last one and with it
       select_refit.py check FOLDER BY SOME ALL TRAIN [NOISE]
                                            whether runs with these as their training rows have, at the pool, the variances that
                                            select had: to 16 eps (TRAIN + choices) of the largest before any choice (as in
                                            tests/mpi/test_select.c); and the last choice is the largest. With NOISE units are
                                            dropped: a row of the pool and its copy among the training rows have masks of their
                                            own, and the last choice keeps C s/(C + s) of its variance C."""

import sys

import h5py
import numpy as np


def write_rows(folder, train):
    with h5py.File(folder + "/results.h5") as file:
        index = file["select/index"][()].astype(int)
    for name, picks in ("some.txt", index[:-1]), ("all.txt", index):
        np.savetxt(name, np.concatenate([np.arange(train), train + picks]), fmt="%d")


def check(folder, by, some, everything, train, noise=None):
    with h5py.File(folder + "/results.h5") as file:
        chosen = {name: file["select/" + name][()] for name in ("index", "score", "before", "after", "gain")}
    before_last, after = (h5py.File(fit + "/results.h5")["variance/" + by][()] for fit in (some, everything))
    index = chosen["index"].astype(int)
    bound = 16 * np.finfo(float).eps * (int(train) + len(index)) * chosen["before"].max()
    left = np.setdiff1d(np.arange(len(after)), index[:-1])
    if noise:
        last = chosen["score"][-1]
        after[index[:-1]] = chosen["after"][index[:-1]]
        after[index[-1]] = last * float(noise) / (last + float(noise))
    apart = {
        "the last score": abs(chosen["score"][-1] - before_last[index[-1]]),
        "the last choice, from the largest": before_last[left].max() - before_last[index[-1]],
        "variances after the last choice": np.abs(chosen["after"] - after).max(),
        "the gain, a point": abs(chosen["gain"][-1] - np.sum(chosen["before"] - after)) / len(after),
    }
    print(by, apart, "bound", bound)
    sys.exit(not all(value <= bound for value in apart.values()))


if __name__ == "__main__":
    if sys.argv[1] == "rows":
        write_rows(sys.argv[2], int(sys.argv[3]))
    else:
        check(*sys.argv[2:])
