#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands before rustc for the crates of this workspace: has them count where they have been, as libFuzzer wants it. The
# crates that they use are those of any other build, so nothing but ours is built anew. The flags are cargo-fuzz's:
# https://github.com/rust-fuzz/cargo-fuzz/blob/0.13.1/src/project.rs#L180
case " $* " in
# Scripts that run while building have no fuzzer linked to them.
*" --crate-name build_script_"*) exec "$@" ;;
esac
exec "$@" --cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
