// SPDX-License-Identifier: Apache-2.0
//! Programs that the tests watch: each makes calls of which the test knows what is true.

mod births;
mod crowd;
mod flood;
mod hostile;
mod pattern;
mod patterns;
mod raw;
mod rewritten;
mod threads;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["threads"] => threads::run(),
        ["births", seconds] => births::run(seconds),
        ["flood", seconds] => flood::run(seconds),
        ["patterns", threads, rounds] => patterns::run(threads, rounds),
        ["calls", rounds] => flood::calls(rounds),
        ["crowd", most] => crowd::run(most),
        ["hostile"] => hostile::run(),
        ["rewritten", rounds] => rewritten::run(rounds),
        _ => {
            eprintln!("load: no such program: {args:?}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
