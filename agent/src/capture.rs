// SPDX-License-Identifier: Apache-2.0
//! Live capture from start to end.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Write as _},
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use agent_common::options::mode;
use anyhow::{Context as _, Result, bail};
use bytesize::ByteSize;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    cli, host,
    ledger::Ledger,
    output::sink::{LogFile, Rotation, Sink},
    pipeline::{Pipeline, Plan, order::Order},
    probe::{self, Layout, Probe, Settings},
    select::Selection,
    self_test,
    stats::Stats,
};

/// Exit code of a run whose ledger does not close.
const NOT_CLOSED: u8 = 3;

/// Captures as `args` say, until told to stop.
///
/// # Errors
/// When capture can't start, or its account can't be written.
pub fn run(args: &cli::Capture) -> Result<ExitCode> {
    let mut selection = Selection::parse(&args.syscalls).context("--syscalls")?;
    if selection.is_empty() {
        bail!("--syscalls selects nothing: what it adds it takes away again");
    }
    selection.pids.clone_from(&args.pid);
    selection.uids.clone_from(&args.uid);
    selection.comms.clone_from(&args.comm);
    // Files first: a name that can't be written should not cost a capture.
    let sink = match &args.write {
        None => Sink::Stdout,
        Some(path) => {
            let rotation = Rotation { size: args.rotate_size.map(|size| size.as_u64()), keep: args.rotate_count };
            let file = LogFile::create(path, rotation).with_context(|| format!("can't write {}", path.display()))?;
            Sink::File(file)
        }
    };
    let ledger_file = match &args.ledger {
        None => None,
        Some(path) => Some(File::create(path).with_context(|| format!("can't write {}", path.display()))?),
    };
    let colour = matches!(sink, Sink::Stdout) && host::colour(io::stdout().is_terminal());
    let sink_name = sink.name();
    let settings =
        Settings { snaplen: args.snaplen, ring_budget: args.ring_budget.as_u64(), log_level: args.log_level.probe() };

    if host::in_pid_namespace() {
        bail!("{}", host::PID_NAMESPACE);
    }
    let object = probe::embedded()?;
    let layout = Layout::of_kernel(args.btf.as_deref(), &host::kernel_release())?;
    if !layout.has_btf() {
        tracing::warn!(
            "this kernel has no BTF: parent ids and the arguments of new images are not read; give its BTF with --btf FILE"
        );
    }
    let loaded = selection.with_syscalls_of(&self_test::selection());
    let (mut probe, mut rings) = Probe::load(object, &layout, &loaded, &settings)?;
    for program in probe.programs() {
        tracing::trace!(program = program.name, verified = program.verified, machine_code = program.jited, "loaded");
    }
    tracing::info!(
        programs = probe.programs().len(),
        verified_instructions = probe.programs().iter().filter_map(|program| program.verified).sum::<u32>(),
        ring_bytes = probe.ring_size(),
        syscalls = selection.len(),
        "the probe is loaded"
    );

    if settings.ring_budget < probe.ring_bytes() {
        tracing::warn!(
            "the rings take {}, more than the budget of {}: a ring must hold the largest record",
            ByteSize(probe.ring_bytes()),
            args.ring_budget
        );
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("can't start tokio")?;
    let stats = Arc::new(Stats::default());
    let mut order = Order::new(probe.counters().cpus());
    probe.attach()?;
    self_test::run(&mut probe, &mut rings, &mut order, &layout, settings.snaplen, &stats)?;
    runtime.block_on(async {
        let (finished, mut heard) = tokio::sync::mpsc::channel(1);
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let mut hangup = signal(SignalKind::hangup())?;
        let plan = Plan { format: args.output, colour, count: args.count, sink };
        let pipeline = Pipeline::start(rings, order, plan, &stats, finished)?;
        probe.select(&selection, mode::LIVE)?;
        tracing::info!("capturing");
        let end = async {
            match args.duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(end);
        let mut log_tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = hangup.recv() => break,
                _ = heard.recv() => break,
                () = &mut end => break,
                _ = log_tick.tick() => probe.flush_log(),
            }
        }
        probe.stop()?;
        probe.detach()?;
        let ends = probe.counters().lane_ends()?;
        pipeline.finish(ends)?;
        anyhow::Ok(())
    })?;

    let ledger = Ledger::collect(probe.counters(), &stats, sink_name)?;
    if let Some(file) = ledger_file {
        let mut file = BufWriter::new(file);
        ledger.write_json(&mut file).and_then(|()| file.flush()).context("can't write the ledger")?;
    }
    // `| head` has seen enough, and wants to hear no more.
    if !stats.reader_left.load(Ordering::Relaxed) {
        // Where nobody reads stderr, there is nobody to tell that.
        let _ = ledger.write_summary(io::stderr().lock());
    }
    Ok(if ledger.closed { ExitCode::SUCCESS } else { ExitCode::from(NOT_CLOSED) })
}
