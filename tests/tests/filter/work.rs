// SPDX-License-Identifier: Apache-2.0
//! Calls of many kinds, again and again.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::Command,
};

use tests::TempDir;

/// The calls' files and sockets.
pub(crate) struct Work {
    folder: TempDir,
    listener: TcpListener,
    v6: Option<TcpListener>,
    udp: UdpSocket,
}

/// What a call returned means nothing here: good and failing calls are both wanted.
fn made<T>(_result: T) {}

impl Work {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new();
        fs::create_dir_all(folder.join("sub/deep")).expect("a folder");
        fs::write(folder.join("sub/file.log"), "log").expect("a file");
        fs::write(folder.join("secret"), "s").expect("a file");
        symlink(folder.join("secret"), folder.join("link")).expect("a link");
        Self {
            folder,
            listener: TcpListener::bind("127.0.0.1:0").expect("a port"),
            // There are machines without IPv6.
            v6: TcpListener::bind("[::1]:0").ok(),
            udp: UdpSocket::bind("127.0.0.1:0").expect("a port"),
        }
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().expect("an address").port()
    }

    /// Makes the calls.
    pub(crate) fn round(&self, n: usize) {
        self.files(n);
        self.sockets();
        if n.is_multiple_of(4) {
            made(Command::new("/bin/true").current_dir(self.folder.join("sub")).status());
            made(Command::new("cat").arg("file.log").current_dir(self.folder.join("sub")).output());
        }
        // SAFETY: calls with plain numbers, all of which are refused or do nothing.
        unsafe {
            made(libc::getppid());
            made(libc::close(1_000_000));
            made(libc::kill(libc::getpid(), 0));
            made(libc::ptrace(libc::PTRACE_ATTACH, -1, 0, 0));
            made(libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 99));
            made(libc::mmap(std::ptr::null_mut(), 0, libc::PROT_EXEC, libc::MAP_PRIVATE, -1, 0));
        }
    }

    fn files(&self, n: usize) {
        let at = |name: &str| -> PathBuf { self.folder.join(name) };
        for name in ["secret", "link", "missing", "sub/file.log", "sub/../secret", "sub/deep"] {
            made(File::open(at(name)).map(|mut file| file.read(&mut [0; 8])));
        }
        made(OpenOptions::new().create(true).append(true).open(at("made")).map(|mut file| file.write(b"more")));
        made(fs::rename(at("made"), at("renamed.log")));
        made(fs::set_permissions(at("renamed.log"), fs::Permissions::from_mode(0o600 + n as u32 % 8)));
        made(fs::DirBuilder::new().create(at("new")));
        made(fs::remove_dir(at("new")));
        made(fs::remove_file(at("renamed.log")));
        made(fs::read_link(at("link")));
        made(fs::read("/etc/hostname"));
        made(fs::read("/proc/self/stat"));
    }

    fn sockets(&self) {
        let word = |client: std::io::Result<TcpStream>, listener: &TcpListener| {
            let Ok(mut client) = client else { return };
            made(client.write(b"ping"));
            if let Ok((mut server, _)) = listener.accept() {
                made(server.read(&mut [0; 8]));
                made(server.write(b"pong"));
                made(client.read(&mut [0; 8]));
            }
        };
        word(TcpStream::connect(("127.0.0.1", self.port())), &self.listener);
        if let Some(listener) = &self.v6 {
            word(listener.local_addr().and_then(TcpStream::connect), listener);
        }
        // Nobody listens there.
        made(TcpStream::connect("127.0.0.1:1"));
        let own = self.udp.local_addr().expect("an address");
        made(self.udp.send_to(b"datagram", own));
        made(self.udp.recv_from(&mut [0; 16]));
        if let Ok((mut one, mut other)) = UnixStream::pair() {
            made(one.write(b"word"));
            made(other.read(&mut [0; 8]));
        }
        made(UnixStream::connect(self.folder.join("no-socket")));
        if let Ok((mut reader, mut writer)) = std::io::pipe() {
            made(writer.write(b"word"));
            made(reader.read(&mut [0; 8]));
        }
    }
}
