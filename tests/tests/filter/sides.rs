// SPDX-License-Identifier: Apache-2.0
//! Fields that other syscalls make true: which side of a connection a socket is on.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

use serde_json::Value;

use crate::{
    agent::{Agent, alone},
    books::{closed, count},
    run::lines,
};

/// Sends a word each way over a connection to ourselves.
fn talk() -> (u16, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server_port = listener.local_addr().expect("an address").port();
    let mut client = TcpStream::connect(("127.0.0.1", server_port)).expect("a connection");
    let client_port = client.local_addr().expect("an address").port();
    let (mut server, _) = listener.accept().expect("a connection");
    client.write_all(b"ping").expect("written");
    let mut word = [0; 4];
    server.read_exact(&mut word).expect("read");
    (client_port, server_port)
}

#[test]
fn calls_that_tell_the_side_are_captured_as_state_and_not_printed() {
    let _alone = alone();
    let own = std::process::id();
    let condition = format!("evt.type in (read, recvfrom) and proc.pid = {own} and fd.sip = 127.0.0.1");
    let agent =
        Agent::start(&["-o", "json", "--fields", "evt.type,fd.name,fd.cport,fd.sport,fd.is_server", &condition]);
    let (client, server) = talk();
    let run = agent.stop();
    let ledger = closed(&run);
    let events = lines(&run);
    let expected = serde_json::json!({
        "evt.type": events.first().map_or(&Value::Null, |event| &event["evt.type"]),
        "fd.name": format!("127.0.0.1:{client}->127.0.0.1:{server}"),
        "fd.cport": client,
        "fd.sport": server,
        "fd.is_server": true,
    });
    assert_eq!(events, [expected]);
    for name in ["accept4", "connect", "listen"] {
        assert!(count(&ledger["syscalls"][name], "sent") > 0, "{name} was not captured: {ledger}");
        assert_eq!(ledger["condition"][name]["kept"].as_u64().unwrap_or(0), 0);
    }
    assert!(count(&ledger["agent"], "state") > 0);
    // And only those: nothing of files.
    assert_eq!(ledger["syscalls"]["bind"]["sent"].as_u64().unwrap_or(0), 0);
}

#[test]
fn conditions_without_sockets_capture_nothing_for_them() {
    let _alone = alone();
    let own = std::process::id();
    let condition = format!("evt.type = getppid and proc.pid = {own}");
    let agent = Agent::start(&["-o", "json", "--fields", "evt.type", &condition]);
    talk();
    // SAFETY: a call without arguments.
    unsafe { libc::getppid() };
    let run = agent.stop();
    let ledger = closed(&run);
    assert_eq!(lines(&run).len(), 1);
    for name in ["accept4", "connect", "listen"] {
        assert_eq!(ledger["syscalls"][name]["sent"].as_u64().unwrap_or(0), 0, "{name}");
    }
}
