# SPDX-License-Identifier: Apache-2.0
"""Where the time of a plain pass goes: milliseconds per kind of layer and kernel.

    python bench/speed/profile_layers.py NAME.zoa --batch 64 --threads 2

The times are the runtime's own clock of each layer, medians over the steps; the clock itself costs
little but not nothing, so the sum is beside the time of a pass without it. What the runtime fuses
into a product (biases, activations, the next quantizer) counts as that product.
"""

from runtime import compile_network, layer_times, median_ms, parse_network


def print_profile(layers, pass_ms):
    groups = {}
    for _, kind, kernel, ms in layers:
        count, total = groups.get((kind, kernel), (0, 0.0))
        groups[kind, kernel] = (count + 1, total + ms)
    total = sum(ms for _, ms in groups.values())
    print("| layer | kernel | count | ms | share |\n|---|---|---:|---:|---:|")
    for (kind, kernel), (count, ms) in sorted(groups.items(), key=lambda g: -g[1][1]):
        print(f"| {kind} | {kernel} | {count} | {ms:.2f} | {100 * ms / total:.1f} % |")
    print(f"\nall layers {total:.1f} ms; a pass without the clock {pass_ms:.1f} ms")


def main():
    network, arguments = parse_network(__doc__)
    pass_ms = median_ms(compile_network(network, arguments.threads, False), arguments.steps)
    layers = layer_times(compile_network(network, arguments.threads, True), arguments.steps)
    print_profile(layers, pass_ms)


if __name__ == "__main__":
    main()
