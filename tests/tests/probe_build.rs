// SPDX-License-Identifier: Apache-2.0
//! Probes that are built from what the program carries, by a copy of it that lies outside of any workspace.

#[path = "support/agent.rs"]
#[expect(dead_code, reason = "other tests do more with an agent")]
mod agent;
#[path = "probe_build/tools.rs"]
mod tools;
#[path = "support/wait.rs"]
mod wait;

use std::{
    env,
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, getppid, kill_process};
use serde_json::Value;
use tests::{TempDir, binary, untold};

use crate::{
    agent::{Agent, alone},
    tools::Tools,
    wait::wait_for,
};

/// Where this workspace's probe is.
const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/probe");

fn text(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(!stderr.contains("panicked"), "it panicked:\n{stderr}");
    format!("{}\n--- stdout\n{stdout}\n--- stderr\n{stderr}", output.status)
}

/// A command that runs a copy of the agent in `folder`, where it also builds.
fn installed(folder: &TempDir) -> Command {
    let copy = folder.join("lanner");
    if !copy.exists() {
        fs::copy(binary(), &copy).expect("a copy");
    }
    let mut command = untold(Command::new(copy));
    command.current_dir(folder.path()).env("TMPDIR", folder.path()).stdin(Stdio::null());
    command
}

/// Folders that builds have left in `folder`.
fn left_behind(folder: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.display().to_string().contains("lanner-build-")).collect()
}

fn nothing_is_left(folder: &TempDir) {
    let left = left_behind(folder);
    assert!(left.is_empty(), "{left:?} is left behind");
}

/// What was not there when the probe of this workspace was built.
fn no_toolchain(said: &str) -> bool {
    let built = Path::new(PROBE).join(env::consts::ARCH).join("lanner-probe.o");
    let none = said.contains("the probe can't be built here:") && !built.exists();
    if none {
        eprintln!("skipped: there is no toolchain for the probe on this machine\n{said}");
    }
    none
}

#[test]
fn the_installed_program_builds_a_probe_that_captures_without_a_network() {
    let _alone = alone();
    let folder = TempDir::new();
    let (vendored, object, cache) = (folder.join("crates"), folder.join("probe.o"), folder.join("cache"));
    let other = vendored.join("other");
    fs::create_dir_all(&vendored).and_then(|()| fs::write(&other, "somebody's")).expect("a file");
    let output = installed(&folder).args(["probe", "vendor"]).arg(&vendored).output().expect("it runs");
    let said = text(&output);
    if no_toolchain(&said) {
        return;
    }
    assert!(output.status.success() && said.contains("lanner probe build --vendor"), "{said}");
    assert_eq!(fs::read_to_string(other).expect("what was there"), "somebody's");

    let mut build = installed(&folder);
    build.args(["probe", "build", "--vendor"]).arg(&vendored).arg("--output").arg(&object);
    build.arg("--probe-cache").arg(&cache);
    // There is no other place for crates: no folder of cargo's, and nobody who leads to a network.
    build.env("CARGO_HOME", folder.join("none")).env("HTTPS_PROXY", "http://127.0.0.1:9");
    let output = build.output().expect("it runs");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("compiling") && !said.contains("fetching"), "{said}");
    nothing_is_left(&folder);

    let output = installed(&folder).args(["probe", "verify"]).arg(&object).output().expect("it runs");
    assert!(output.status.success(), "{}", text(&output));
    // What was built is what is used where nothing else may be.
    let (events, run) = (folder.join("events"), TempDir::new());
    let mut capture = installed(&folder);
    capture.args(["--probe-source", "cache", "--probe-cache"]).arg(&cache);
    let stdout = File::create(&events).expect("a file for events");
    let agent = Agent::launch(capture, &["--syscalls", "getppid", "-o", "json"], run, stdout.into());
    let _ = getppid();
    let run = agent.stop();
    assert!(run.status.success() && run.stderr.contains("ledger: closed"), "{run:?}");
    assert!(run.stderr.contains("built on this machine"), "{}", run.stderr);
    let events = fs::read_to_string(events).expect("events");
    let pids: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(pids.iter().any(|event| event["pid"] == std::process::id()), "{events}");
}

#[test]
fn a_signal_ends_a_build_and_leaves_nothing() {
    let folder = TempDir::new();
    let said = folder.join("said");
    let stderr = File::create(&said).expect("a file");
    let mut build = installed(&folder);
    build.args(["probe", "build"]).stdout(Stdio::null()).stderr(stderr);
    let mut build = build.spawn().expect("it runs");
    // The crates are fetched by then: that step is the true one.
    let began = wait_for("the compiler runs", || {
        let said = fs::read_to_string(&said).expect("words");
        let ended = build.try_wait().expect("a child").is_some();
        (ended || said.contains("Compiling")).then_some(said)
    });
    if no_toolchain(&began) {
        return;
    }
    assert!(began.contains("fetching") && !left_behind(&folder).is_empty(), "{began}");
    end(&mut build, Signal::TERM);
    let said = fs::read_to_string(&said).expect("words");
    assert!(said.contains("told to stop while the probe was built"), "{said}");
    nothing_is_left(&folder);
}

/// Ends what builds by a signal, which has to be its own end and not the signal's.
fn end(child: &mut Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it runs");
    let status = wait_for("it ends", || child.try_wait().expect("a child"));
    assert_eq!(status.code(), Some(1));
}

#[test]
fn whoever_is_root_does_not_compile_as_root() {
    let folder = TempDir::new();
    let tools = Tools::new(&folder, "echo 'error: a word of the compiler' >&2; exit 101");
    let build = |command: &mut Command| {
        let output = tools.known_to(command).args(["probe", "build"]).output().expect("it runs");
        let said = text(&output);
        assert!(
            output.status.code() == Some(1)
                && said.contains("error: a word of the compiler")
                && said.contains("the probe does not compile: exit status: 101"),
            "{said}"
        );
        said
    };

    let said = build(installed(&folder).env("SECRET", "word"));
    let compiled = tools.compiled();
    assert!((61184..=65519).contains(&compiled.uid), "{compiled:?}");
    assert!(said.contains(&format!("compiling, as lanner-build (uid {})", compiled.uid)), "{said}");
    assert!(compiled.arguments.contains(" --offline") && !compiled.environment.contains("SECRET"), "{compiled:?}");

    // Who called sudo is asked first.
    let mut sudo = installed(&folder);
    sudo.envs([("SUDO_UID", "61000"), ("SUDO_GID", "61000"), ("SUDO_USER", "somebody")]);
    let said = build(&mut sudo);
    assert!(said.contains("compiling, as somebody (uid 61000)") && tools.compiled().uid == 61000, "{said}");

    // Tools that are root's alone are better than none.
    tools.only_for_root();
    let said = build(&mut installed(&folder));
    assert!(said.contains("\ncompiling\n") && tools.compiled().uid == 0, "{said}");
    nothing_is_left(&folder);
}

#[test]
fn what_builds_for_its_own_use_says_why_it_can_t_and_can_be_ended() {
    let folder = TempDir::new();
    let builds = |tools: &Tools, command: &[&str]| {
        let mut builds = installed(&folder);
        tools.known_to(&mut builds).args(command).args(["--probe-source", "build"]);
        builds
    };
    let tools = Tools::new(&folder, "echo 'error: a word of the compiler' >&2; exit 101");
    let output = builds(&tools, &[]).output().expect("it runs");
    let said = text(&output);
    assert!(output.status.code() == Some(1) && said.contains("the probe does not compile: exit status: 101"), "{said}");
    assert!(said.contains("error: a word of the compiler"), "{said}");

    // A compiler that goes on by itself, as one does whose parent is gone.
    let tools = Tools::new(&folder, "sleep 600 & wait");
    for (command, signal) in [(&[][..], Signal::TERM), (&[], Signal::INT), (&["doctor"], Signal::TERM)] {
        let stdout = File::create(folder.join("stdout")).expect("a file");
        let mut command = builds(&tools, command);
        // Not from this test's own group, whose signals are its own.
        let mut child = command.process_group(0).stdout(stdout).stderr(Stdio::null()).spawn().expect("it runs");
        let compiler = wait_for("the compiler runs", || tools.group());
        end(&mut child, signal);
        nothing_is_left(&folder);
        assert_eq!(fs::read_to_string(folder.join("stdout")).expect("a file"), "", "it went on without a probe");
        let gone = || rustix::process::test_kill_process_group(compiler).is_err().then_some(());
        wait_for("the compiler and its children are gone", gone);
    }
}

#[test]
fn what_a_build_lacks_is_told_at_once() {
    let folder = TempDir::new();
    fs::create_dir_all(folder.join("empty")).expect("a folder");
    let bare = || {
        let mut command = installed(&folder);
        command.env_clear().env("LANNER_METRICS_LISTEN", "off").env("PATH", folder.join("empty"));
        command.env("HOME", folder.join("empty")).env("TMPDIR", folder.path());
        command
    };
    let output = bare().args(["probe", "build"]).output().expect("it runs");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<_> = stderr.lines().collect();
    let missing = [
        "no rustc that runs, and no cargo, in PATH",
        "no bpf-linker of LLVM 21 or newer in PATH",
        "no C linker (`cc`) in PATH, by which programs are linked that run during the build",
    ];
    let all = [
        "lanner: the probe can't be built here:".to_owned(),
        format!("  {}", missing[0]),
        format!("  {}", missing[1]),
        format!("  {}", missing[2]),
        "to get it:".to_owned(),
    ];
    assert_eq!(lines.get(..5), Some(&all.each_ref().map(String::as_str)[..]), "{said}");
    assert!(lines.get(5).is_some_and(|line| line.contains("https://sh.rustup.rs")), "{said}");
    assert!(said.contains("https://github.com/aya-rs/bpf-linker/releases"), "{said}");

    // A capture that may use nothing else says the same of it.
    let output = bare().args(["--probe-source", "build", "--duration", "1s"]).output().expect("it runs");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(missing.iter().all(|line| said.contains(line)) && said.contains("https://sh.rustup.rs"), "{said}");

    let output = bare().args(["probe", "build", "--vendor"]).arg(folder.join("empty")).output().expect("it runs");
    let said = text(&output);
    assert!(output.status.code() == Some(1) && said.contains("`lanner probe vendor DIR` makes one"), "{said}");
}
