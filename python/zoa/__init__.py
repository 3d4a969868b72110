# SPDX-License-Identifier: Apache-2.0
"""zoa from Python: test-time adaptation of quantized vision networks.

zoa.sweep runs grids of evaluations on one machine or a cluster.
"""
