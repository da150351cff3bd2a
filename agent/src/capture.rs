// SPDX-License-Identifier: Apache-2.0
//! Live capture from start to end.

mod found;
mod reread;
mod signals;

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
use crossbeam_channel::Sender;

use self::{
    found::Found,
    reread::{Next, Reread},
    signals::Ending,
};
use crate::{
    cli,
    confine::{self, Needs},
    driver,
    event::Shed,
    fields::Basis,
    filter::wanted::{Shown, Wanted},
    host::{self, capabilities},
    ledger::Ledger,
    log::Stderr,
    memory,
    metadata::{self, MetadataAccount, cgroup::Hierarchy, container, kubernetes},
    output::{
        Cache, Lines,
        sink::{LogFile, Rotation, Sink},
    },
    pipeline::{self, Pipeline, Plan, Replacement, clock::boot_now, order::Order, shed::Watch},
    probe::{Layout, Probe, Settings, StateSettings, runs},
    self_test,
    stats::Stats,
    telemetry::{Features, Sources, Telemetry},
};

/// Exit code of a run whose ledger does not close.
const NOT_CLOSED: u8 = 3;

/// What becomes of calls that the kernel's part of the condition refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// They are counted.
    Drop,
    /// They are sent, marked, for the agent to compare.
    Mark,
}

/// How a run ended.
pub(crate) struct Ended {
    /// What became of every call.
    pub(crate) ledger: Ledger,
    /// The agent's counters.
    pub(crate) stats: Arc<Stats>,
}

/// Captures as `args` say, until told to stop.
///
/// # Errors
/// When capture can't start, or its account can't be written.
pub fn run(args: &cli::Capture) -> Result<ExitCode> {
    let wanted = Wanted::of(&args.what, shown(args))?;
    let ledger_file = match &args.ledger {
        None => None,
        Some(path) => Some(File::create(path).with_context(|| format!("can't write {}", path.display()))?),
    };
    let Ended { ledger, stats } = capture(args, wanted, Refused::Drop)?;
    if let Some(file) = ledger_file {
        let mut file = BufWriter::new(file);
        ledger.write_json(&mut file).and_then(|()| file.flush()).context("can't write the ledger")?;
    }
    // `| head` has seen enough, and wants to hear no more.
    if !stats.reader_left.load(Ordering::Relaxed) {
        // Where nobody reads stderr, there is nobody to tell that.
        let mut summary = Vec::new();
        let _ = ledger.write_summary(&mut summary).and_then(|()| Stderr.write_all(&summary));
    }
    Ok(if ledger.closed { ExitCode::SUCCESS } else { ExitCode::from(NOT_CLOSED) })
}

/// What the output asks of the calls.
fn shown(args: &cli::Capture) -> Shown {
    let template = args.fields.as_ref().or(args.format.as_ref());
    let sides = template.is_none_or(|template| template.stands_on(Basis::Side));
    Shown { tables: !args.no_enrich, sides: sides && !args.no_enrich }
}

/// Captures until told to stop.
pub(crate) fn capture(args: &cli::Capture, wanted: Wanted, refused: Refused) -> Result<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("can't start tokio")?;
    // From here on signals are heard: one that comes while the probe is loaded is answered when it is.
    let (mut ending, mut hangup) = {
        let _inside = runtime.enter();
        (Ending::listen()?, signals::listen(libc::SIGHUP)?)
    };
    // Files first: a name that can't be written should not cost a capture.
    let sink = match &args.write {
        None => Sink::Stdout,
        Some(path) => {
            let rotation = Rotation { size: args.rotate_size.map(|size| size.as_u64()), keep: args.rotate_count };
            let file = LogFile::create(path, rotation).with_context(|| format!("can't write {}", path.display()))?;
            Sink::File(file)
        }
    };
    let terminal = matches!(sink, Sink::Stdout) && io::stdout().is_terminal();
    let lines = Lines {
        format: args.output,
        template: args.fields.clone().or_else(|| args.format.clone()),
        terminal,
        colour: matches!(sink, Sink::Stdout) && host::colour(terminal),
        cache: Cache::default(),
    };
    let sink_name = sink.name();
    if !host::has_proc() {
        bail!("{}", host::NO_PROC);
    }
    if !args.no_enrich && !args.host_root.join("proc/stat").exists() {
        bail!(
            "there is no /proc below {}: --host-root (HOST_ROOT) says where the host's root is mounted; --no-enrich does without",
            args.host_root.display()
        );
    }
    if host::in_pid_namespace() {
        bail!("{}", host::PID_NAMESPACE);
    }
    let kubernetes = if args.no_enrich { None } else { kubernetes::Config::of(&args.kubernetes)? };
    let asks_api = kubernetes.is_some();
    if !asks_api && wanted.condition.as_ref().is_some_and(|condition| condition.stands_on(Basis::Pod)) {
        tracing::warn!(
            "the condition is about pods, and no API server is asked for them: only what container runtimes tell of a pod (its \
             name, namespace, UID and labels) has a value; --k8s-api or --kubeconfig says where the API server is"
        );
    }
    // What was typed first: a word that is wrong should not cost a start.
    let driver = driver::Config::of(&args.probe, &args.host_root)?;
    let _counted = if args.telemetry.probe_stats { Some(runs::count()?) } else { None };
    // Early: whoever asks hears that it is starting.
    let mut telemetry = Telemetry::start(&args.telemetry)?;
    telemetry.starting("the probe is looked for");
    let layout = Layout::of_kernel(args.btf.as_deref(), &host::kernel_release())?;
    let found = runtime.block_on(async {
        tokio::select! {
            found = Found::look(driver, layout) => found,
            () = ending.recv() => Err(found::interrupted()),
        }
    })?;
    let Found { object, layout, provenance } = found;
    telemetry.probe(provenance);
    telemetry.starting("the probe is loaded");
    if !layout.has_btf() {
        tracing::warn!(
            "this kernel has no BTF: parent ids and the arguments of new images are not read; give its BTF with --btf FILE"
        );
    }
    let hierarchy = layout.choose_hierarchy(&args.host_root);
    let settings = Settings {
        snaplen: args.snaplen,
        ring_budget: args.ring_budget.map(|size| size.as_u64()),
        log_level: args.log_level.probe(),
        controller: layout.controller_of(&hierarchy),
        hierarchy: hierarchy.id().unwrap_or(0),
        shed: !args.no_shed,
        state: (!args.no_enrich).then_some(StateSettings { environment: args.env, files: args.max_files }),
        replaceable: wanted.file.is_some(),
    };
    let metadata = (!args.no_enrich).then(|| metadata_config(args, &layout, hierarchy.clone(), kubernetes));
    let counters = metadata::Counters::default();
    let filter = wanted.kernel();
    telemetry.features(Features::of(args, &layout, &hierarchy, wanted.file.is_some()));
    let (mut probe, mut rings, cgroups) = Probe::load(&object, &layout, &filter, &self_test::filter(), &settings)?;
    for program in probe.programs() {
        tracing::trace!(program = program.name, verified = program.verified, machine_code = program.jited, "loaded");
    }
    tracing::info!(
        programs = probe.programs().len(),
        verified_instructions = probe.programs().iter().filter_map(|program| program.verified).sum::<u32>(),
        ring_bytes = probe.ring_size(),
        slots = filter.slots.len(),
        predicates = filter.predicates.len(),
        "the probe is loaded"
    );

    if let Some(budget) = args.ring_budget.filter(|budget| budget.as_u64() < probe.ring_bytes()) {
        tracing::warn!(
            "the rings take {}, more than the budget of {budget}: a ring must hold the largest record",
            ByteSize(probe.ring_bytes()),
        );
    }

    let stats = Arc::new(Stats::default());
    let mut order = Order::new(probe.counters().cpus());
    telemetry.starting("the probe is tested");
    probe.attach()?;
    self_test::run(&mut probe, &mut rings, &mut order, &layout, &hierarchy, settings.snaplen, &stats)?;
    for capability in capabilities::missing_for_more(!args.no_enrich) {
        tracing::warn!("without {capability} {}", capability.without());
    }
    let nice = pipeline::hurry();
    if !args.no_confine {
        // Before there are threads, which inherit it; the probe loads and attaches nothing more by itself.
        confine::confine(&Needs::of(args, wanted.file.is_some()), || probe.counters().lane_ends().is_ok());
    }
    let live = mode::LIVE | if refused == Refused::Mark { mode::MARK } else { 0 };
    let conditional = wanted.condition.is_some();
    runtime.block_on(async {
        let (finished, mut heard) = tokio::sync::mpsc::channel(1);
        // What happens from here on is told, so that nothing is missed while what there is is being read; calls follow when
        // the tables are true.
        probe.apply(&filter, mode::PREPARING)?;
        let (replace, replacements) = crossbeam_channel::unbounded();
        let (tell, shed) = crossbeam_channel::unbounded();
        let mut watch = Watch::default();
        let plan = Plan {
            lines,
            count: args.count,
            sink,
            metadata,
            counters: counters.clone(),
            active: wanted.active(&filter),
            cgroups: (cgroups, probe.cgroup_base()),
            replacements,
            shed,
            nice,
        };
        let sources = Sources {
            stats: &stats,
            tables: (!args.no_enrich).then_some(&counters),
            output: sink_name,
            kubernetes: asks_api.then_some(&*counters.kubernetes.api),
        };
        telemetry.starting("processes, files and containers are read");
        let mut wanted = wanted;
        let pipeline = Pipeline::start(rings, order, plan, &stats, finished)?;
        pipeline.wait_until_ready();
        probe.set_mode(live)?;
        memory::trim();
        tracing::info!("capturing");
        let end = async {
            match args.duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(end);
        let mut reread = Reread::default();
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        let mut telemetry_tick = Telemetry::ticks();
        loop {
            tokio::select! {
                () = ending.recv() => break,
                _ = hangup.recv() => {
                    if wanted.file.is_none() {
                        break;
                    }
                    reread.ask(&wanted);
                }
                next = reread.next(&wanted) => match next.and_then(|next| take_over(next, &mut probe, live, &replace)) {
                    Ok(next) => wanted = next,
                    Err(error) => tracing::error!("{error:#}\nthe condition before goes on to hold"),
                },
                _ = heard.recv() => break,
                () = &mut end => break,
                _ = tick.tick() => {
                    probe.flush_log();
                    announce(watch.look(boot_now(), &probe.counters().shed()?), &tell);
                }
                _ = telemetry_tick.tick() => telemetry.publish(&probe, &sources),
            }
        }
        telemetry.stopping();
        probe.stop()?;
        probe.detach()?;
        let ends = probe.counters().lane_ends()?;
        announce(watch.end(&probe.counters().shed()?), &tell);
        pipeline.finish(ends)?;
        anyhow::Ok(())
    })?;
    drop(telemetry);
    // A condition that is still being read is not waited for.
    runtime.shutdown_background();

    let account = (!args.no_enrich).then(|| MetadataAccount::collect(&counters));
    let ledger = Ledger::collect(probe.counters(), &stats, account, probe.levels().taken(), conditional, sink_name)?;
    Ok(Ended { ledger, stats })
}

/// Has what is shed be told in the output.
fn announce(shed: Vec<Shed>, tell: &Sender<Shed>) {
    for shed in shed {
        // Without a receiver the run is ending.
        let _ = tell.send(shed);
    }
}

/// Has a condition take the place of the one before.
fn take_over(next: Next, probe: &mut Probe, mode: u32, replace: &Sender<Replacement>) -> Result<Wanted> {
    let Next { wanted, kernel, active } = next;
    probe.apply(&kernel, mode)?;
    // Without a receiver the run is ending.
    let _ = replace.send(Replacement { active, cgroup_base: probe.cgroup_base() });
    tracing::info!(predicates = kernel.predicates.len(), "the condition was read again and holds");
    Ok(wanted)
}

/// What the tables are to hold.
fn metadata_config(
    args: &cli::Capture,
    layout: &Layout,
    hierarchy: Hierarchy,
    kubernetes: Option<kubernetes::Config>,
) -> metadata::Config {
    metadata::Config {
        host_root: args.host_root.clone(),
        threads: args.max_threads as usize,
        files: args.max_files as usize,
        env: args.env,
        kernel_files: layout.tells_files(),
        containers: container::Config {
            host_root: args.host_root.clone(),
            sockets: args.container_socket.clone(),
            wait: args.enrich_wait,
            lookups: !args.no_container_lookups,
        },
        hierarchy,
        kubernetes,
    }
}
