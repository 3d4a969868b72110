# SPDX-License-Identifier: Apache-2.0
"""Prints the input shape of an OpenVINO network at a batch size, for benchmark_app -shape.

python bench/speed/input_shape.py NAME.zoa/model.xml 64
"""

import sys

import openvino


def main():
    shape = openvino.Core().read_model(sys.argv[1]).input(0).partial_shape
    sizes = [int(sys.argv[2]), *(dimension.get_length() for dimension in list(shape)[1:])]
    print(f"[{','.join(str(size) for size in sizes)}]")


if __name__ == "__main__":
    main()
