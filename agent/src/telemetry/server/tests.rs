// SPDX-License-Identifier: Apache-2.0
//! The real server, and clients that mean no good.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
};

use super::*;

fn server() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a mode");
    Server::start(listener, Board::new()).expect("a thread")
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream
}

/// Everything that comes until the server closes.
fn read(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // One that is closed while there is something unread ends with an error, after what was answered.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn ask(server: &Server, request: &str) -> String {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).expect("sent");
    read(stream)
}

fn get(server: &Server, path: &str) -> String {
    ask(server, &format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n"))
}

/// Whether a client that means well is answered, and soon.
fn answers(server: &Server) {
    let since = Instant::now();
    let answer = get(server, "/healthz");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"status\": \"ok\""), "{answer}");
    // Far below the patience with those who do not.
    assert!(since.elapsed() < PATIENCE / 2, "it took {:?}", since.elapsed());
}

#[test]
fn requests_are_answered_once_per_connection() {
    let server = server();
    let answer = get(&server, "/readyz");
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close\r\n") && answer.contains("no-store"), "{answer}");
    let answer = ask(&server, "HEAD / HTTP/1.1\r\nHost: here\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "no body: {answer}");
    let answer = ask(&server, "DELETE /metrics HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc");
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: GET, HEAD\r\n"), "{answer}");
    let twice = "GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n".repeat(2);
    assert_eq!(ask(&server, &twice).matches("HTTP/1.1 ").count(), 1);
    let answer = ask(&server, "GET http://elsewhere/versions HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
}

#[test]
fn what_is_no_request_is_refused() {
    let server = server();
    let long = |n: usize| "a".repeat(n);
    let many = "h: v\r\n".repeat(200);
    for (request, status) in [
        (format!("GET /{} HTTP/1.1\r\nHost: here\r\n\r\n", long(1 << 20)), "4"),
        (format!("GET / HTTP/1.1\r\nHost: here\r\nX: {}\r\n\r\n", long(1 << 20)), "431"),
        (format!("GET / HTTP/1.1\r\nHost: here\r\n{many}\r\n"), "431"),
        ("\x16\x03\x01\x02\x00\x01\x00 a TLS greeting\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost : a\u{0}b\r\n\r\n".to_owned(), "400"),
    ] {
        let mut stream = connect(&server);
        // The server may have closed before all is sent; the answer is lost then.
        let sent = stream.write_all(request.as_bytes());
        let answer = read(stream);
        assert!(!answer.contains(" 200 "), "{answer}");
        if sent.is_ok() && !answer.is_empty() {
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        }
        answers(&server);
    }
}

#[test]
fn a_body_without_end_is_not_read() {
    let server = server();
    let mut stream = connect(&server);
    stream.write_all(b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n").expect("sent");
    let (mut sent, since) = (0_usize, Instant::now());
    while stream.write_all(b"400\r\n").and_then(|()| stream.write_all(&[b'a'; 1026])).is_ok() {
        sent += 1024;
        assert!(sent < 1 << 30 && since.elapsed() < 3 * PATIENCE, "{sent} bytes were taken");
    }
    answers(&server);
}

#[test]
fn one_byte_at_a_time_is_not_waited_for() {
    let server = server();
    let mut stream = connect(&server);
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let since = Instant::now();
    let mut byte = [0];
    for letter in b"GET /healthz HTTP/1.1\r\nX: ".iter().copied().chain(std::iter::repeat(b'x')) {
        // The pause between two bytes is that for an answer.
        let over = stream.write_all(&[letter]).is_err() || matches!(stream.read(&mut byte), Ok(0..));
        if over {
            break;
        }
        assert!(since.elapsed() < 3 * PATIENCE, "it is still listened to");
    }
    assert!(since.elapsed() > PATIENCE / 2, "it is listened to for a while: {:?}", since.elapsed());
    answers(&server);
    assert_eq!(server.board().served.failed.get(), 1);
}

#[test]
fn a_thousand_connections_keep_nobody_out() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).expect("descriptors");
    let server = server();
    let mut silent: Vec<_> = std::iter::repeat_with(|| connect(&server)).take(1000).collect();
    answers(&server);
    // Some of them say something at last: those that are left are served.
    for stream in silent.iter_mut().rev().take(CONNECTIONS / 2) {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n").expect("sent");
    }
    for stream in silent.into_iter().rev().take(CONNECTIONS / 2) {
        let answer = read(stream);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    let evicted = server.board().served.evicted.get();
    assert!(evicted >= 1000 - CONNECTIONS as u64, "{evicted} had to go");
}

#[test]
fn clients_that_go_or_half_close_hurt_nobody() {
    let server = server();
    for _ in 0..200 {
        drop(connect(&server));
    }
    let mut stream = connect(&server);
    stream.write_all(b"GET / HT").expect("sent");
    stream.shutdown(Shutdown::Write).expect("half closed");
    read(stream);
    answers(&server);
}

#[test]
fn it_ends_at_once_whoever_is_connected() {
    let server = server();
    let clients: Vec<_> = std::iter::repeat_with(|| connect(&server)).take(10).collect();
    answers(&server);
    let (address, since) = (server.address(), Instant::now());
    drop(server);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    for client in clients {
        read(client);
    }
    TcpListener::bind(address).expect("the port is free");
}
