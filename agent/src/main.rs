// SPDX-License-Identifier: Apache-2.0
//! `lanner`: parse, log, run, exit code.

use std::{io, process::ExitCode};

use agent::{
    capture,
    cli::{Cli, Command, List, LogLevel},
    doctor,
    driver::{command, config::ConfigError},
    explain,
    filter::wanted::BadCondition,
    host, list, memory, self_test, validate,
};
use clap::Parser as _;

fn main() -> ExitCode {
    memory::set_up();
    let cli = Cli::parse();
    start_log(cli.capture.log_level);
    let result = match cli.command {
        None => capture::run(&cli.capture),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Doctor { json, btf, site }) => doctor::run(json, btf.as_deref(), &site),
        Some(Command::List(List::Syscalls { json })) => list::syscalls(json),
        Some(Command::List(List::Fields { json })) => list::fields::run(json),
        Some(Command::Probe(probe)) => command::run(&probe),
        Some(Command::Validate { files }) => validate::run(&files),
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
        eprintln!("lanner: {error:#}");
        // What was typed is wrong: as clap has it.
        let typed = error.downcast_ref::<BadCondition>().is_some() || error.downcast_ref::<ConfigError>().is_some();
        if typed { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

fn start_log(level: LogLevel) {
    use tracing_subscriber::util::SubscriberInitExt as _;
    let stderr = io::IsTerminal::is_terminal(&io::stderr());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level.filter())
        .with_writer(io::stderr)
        .with_ansi(host::colour(stderr))
        .with_target(false)
        .finish();
    // Fails only when a log was started before, which nothing here does.
    let _ = subscriber.try_init();
}
