#!/usr/bin/python3
"""Writes digits.h5 from the copy of the UCI digits in Debian's python3-sklearn (needs python3-h5py too).

Training: the first 80 % of the classes 0-4 in file order. Test: the other 20 % of 0-4 (ood = 0), then all of 5-9
(ood = 1). Pixels are k/16 for whole k, so single precision holds them exactly.
"""
import h5py
import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
known = np.flatnonzero(digits.target < 5)
unknown = np.flatnonzero(digits.target >= 5)
train_count = len(known) * 8 // 10
train = known[:train_count]
test = np.concatenate([known[train_count:], unknown])

columns = {
    "train/x": (digits.data[train] / 16).astype("<f4"),
    "train/y": digits.target[train].astype("i1"),
    "test/x": (digits.data[test] / 16).astype("<f4"),
    "test/y": digits.target[test].astype("i1"),
    "test/ood": (digits.target[test] >= 5).astype("i1"),
}
with h5py.File("digits.h5", "w", track_order=False) as file:
    for name, values in columns.items():
        file.create_dataset(name, data=values, compression="gzip", shuffle=True, track_times=False)
