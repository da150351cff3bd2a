// SPDX-License-Identifier: Apache-2.0
//! `lanner`: parse, log, run, exit code.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use agent::{
    bench, capture,
    cli::{Cli, Command, List},
    doctor,
    driver::{command, config::ConfigError},
    explain,
    filter::wanted::BadCondition,
    list,
    log::{self, Stderr},
    memory,
    output::escape,
    self_test, stages, validate,
};
use clap::Parser as _;

fn main() -> ExitCode {
    memory::set_up();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => return usage(&said),
    };
    log::start(cli.capture.log_level.filter());
    let result = match cli.command {
        None => capture::run(&cli.capture),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Doctor { json, btf, programs, site }) => doctor::run(json, programs, btf.as_deref(), &site),
        Some(Command::List(List::Syscalls { json })) => list::syscalls(json),
        Some(Command::List(List::Fields { json })) => list::fields::run(json),
        Some(Command::Probe(probe)) => command::run(&probe),
        Some(Command::Stages(args)) => stages::run(&args),
        Some(Command::Validate { files }) => validate::run(&files),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::BenchLoad(args)) => bench::child(&args),
        Some(Command::SelfTestChild { nonce }) => {
            self_test::child(&nonce);
            Ok(ExitCode::from(self_test::STATUS))
        }
    };
    result.unwrap_or_else(|error| {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            // `| head` has seen enough.
            return ExitCode::SUCCESS;
        }
        // One write, so that it is one line; where nobody reads it, there is nobody to tell that.
        let _ = Stderr.write_all(escape::message(&format!("lanner: {error:#}\n")).as_bytes());
        // What was typed is wrong: as clap has it.
        let typed = error.downcast_ref::<BadCondition>().is_some() || error.downcast_ref::<ConfigError>().is_some();
        if typed { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

/// What clap has to say, of help and of what was typed; without colours where that would act on a terminal.
fn usage(said: &clap::Error) -> ExitCode {
    let plain = said.render().to_string();
    let harmless = escape::message(&plain);
    // Where it can't be written, there is nobody to tell that.
    let _ = if harmless == plain { said.print() } else { Stderr.write_all(harmless.as_bytes()) };
    ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2))
}
