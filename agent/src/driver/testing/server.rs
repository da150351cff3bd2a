// SPDX-License-Identifier: Apache-2.0
//! A web server that answers as it is told.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use rcgen::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring, pki_types::PrivateKeyDer};

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The path, as it was written; behind the host, if a proxy was asked.
    pub(crate) path: String,
    /// The headers' lines, in lower case.
    pub(crate) headers: Vec<String>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    /// Whether the connection is then kept open until the client ends it.
    hold: bool,
}

impl Reply {
    /// A whole answer.
    pub(crate) fn of(status: u16, headers: &[&str], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Words\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        Self { bytes: [head.as_bytes(), body].concat(), hold: false }
    }

    pub(crate) fn ok(body: &[u8]) -> Self {
        Self::of(200, &[], body)
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::of(status, &[], b"words")
    }

    /// A redirection.
    pub(crate) fn to(location: &str) -> Self {
        Self::of(302, &[&format!("Location: {location}")], b"")
    }

    /// An answer as it is written.
    pub(crate) fn raw(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), hold: false }
    }

    /// Then nothing more, with the connection kept.
    pub(crate) fn and_hold(mut self) -> Self {
        self.hold = true;
        self
    }
}

/// An address at which nobody listens, as long as the connection is there, which has it.
pub(crate) fn nobody() -> (TcpStream, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let address = stream.local_addr().expect("an address");
    (stream, address)
}

type Answers = dyn Fn(&Request, usize) -> Reply + Send + Sync;

/// A server on a thread of its own, which ends with this.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what `answers` makes of each request; it is told how many were before.
    pub(crate) fn start(answers: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(None, answers)
    }

    /// One that speaks TLS with who begins so, as this host. Its certificate, as PEM.
    pub(crate) fn secure(
        host: &str,
        answers: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> (Self, String) {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).expect("a certificate");
        let CertifiedKey { cert, signing_key } = made;
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("they belong together");
        (Self::with(Some(Arc::new(config)), answers), cert.pem())
    }

    fn with(
        tls: Option<Arc<ServerConfig>>,
        answers: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers): (_, Arc<Answers>) = (Arc::clone(&requests), Arc::new(answers));
        let thread = thread::spawn(move || {
            let mut workers = Vec::new();
            for stream in listener.incoming() {
                let Ok(stream) = stream else { break };
                let (stream, request) = match answer(&stream, tls.as_ref()) {
                    Some((stream, Some(request))) => (stream, request),
                    Some((_, None)) => break,
                    None => continue,
                };
                let (seen, answers) = (Arc::clone(&seen), Arc::clone(&answers));
                workers.push(thread::spawn(move || {
                    let before = {
                        let mut seen = seen.lock().expect("no panic");
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    write(stream, &answers(&request, before));
                }));
            }
            for worker in workers {
                worker.join().expect("a worker");
            }
        });
        Self { address, requests, thread: Some(thread) }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked for so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }

    /// The paths that were asked for so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }
}

/// A connection, encrypted or not.
trait Duplex: Read + Write + Send {}

impl<T: Read + Write + Send> Duplex for T {}

type Stream = BufReader<Box<dyn Duplex>>;

/// Reads a request; one of a method of ours ends the server.
fn answer(connection: &TcpStream, tls: Option<&Arc<ServerConfig>>) -> Option<(Stream, Option<Request>)> {
    let mut tunnel = String::new();
    loop {
        let mut stream = opened(connection.try_clone().ok()?, tls)?;
        let mut first = String::new();
        stream.read_line(&mut first).ok()?;
        let mut words = first.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.trim().to_owned());
        if method == "END" {
            return Some((stream, None));
        }
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 || line == "\r\n" {
                break;
            }
            headers.push(line.trim().to_lowercase());
        }
        if method != "CONNECT" {
            return Some((stream, Some(Request { path: format!("{tunnel}{path}"), headers })));
        }
        // A proxy, which is asked to lead elsewhere: this is elsewhere.
        tunnel = path;
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    }
}

/// Speaks TLS with who begins so.
fn opened(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Option<Stream> {
    const HANDSHAKE: u8 = 0x16;
    let mut first = [0];
    stream.peek(&mut first).ok()?;
    Some(BufReader::new(match tls {
        Some(config) if first == [HANDSHAKE] => {
            Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(config)).ok()?, stream))
        }
        Some(_) | None => Box::new(stream),
    }))
}

fn write(mut stream: Stream, reply: &Reply) {
    // The client may have had enough.
    let _ = stream.get_mut().write_all(&reply.bytes);
    let _ = stream.get_mut().flush();
    if reply.hold {
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            let _ = stream.write_all(b"END / HTTP/1.1\r\n\r\n");
        }
        if let Some(thread) = self.thread.take() {
            // With a panic of its own the test has failed already.
            let _ = thread.join();
        }
    }
}
