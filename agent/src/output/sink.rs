// SPDX-License-Identifier: Apache-2.0
//! Where lines go: the standard output, or a file that is rotated. One thread writes.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use crossbeam_channel::Receiver;

use crate::{pipeline::clock::boot_now, stats::Stats};

/// Formatted events on their way to the output.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Whole lines.
    pub bytes: Vec<u8>,
    /// How many events they are; lines about gaps do not count.
    pub events: u64,
    /// Boot time of the first of them.
    pub first: Option<u64>,
    /// Boot time at which they were handed on.
    pub handed_on: u64,
}

/// Chunks that may wait for the output.
pub const QUEUE: usize = 64;

/// When a file is put aside and how many are kept.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// Bytes after which a new file is begun; `None` for never.
    pub size: Option<u64>,
    /// Files that are kept beside the one being written: `FILE.1` is the youngest.
    pub keep: u32,
}

/// An output.
#[derive(Debug)]
pub enum Sink {
    /// The standard output.
    Stdout,
    /// A file.
    File(LogFile),
}

impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("the standard output"),
            Self::File(file) => file.path.display().fmt(f),
        }
    }
}

impl Sink {
    /// Its name in the ledger.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::File(_) => "file",
        }
    }

    /// Writes a chunk whole, or none of it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            // Not io::stdout(): its buffer would keep a part of a chunk back.
            Self::Stdout => write_all(rustix::stdio::stdout(), bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    /// Writes chunks until none comes any more, or nobody reads.
    pub(crate) fn run(mut self, chunks: Receiver<Chunk>, stats: &Stats) {
        let mut failing = false;
        for chunk in chunks {
            match self.write(&chunk.bytes) {
                Ok(()) => {
                    stats.delivered.add(chunk.events);
                    written(&chunk, stats);
                    failing = false;
                }
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    stats.dropped.add(chunk.events);
                    stats.reader_left.store(true, Ordering::Relaxed);
                    // Dropping the receiver tells the sender that nobody reads.
                    return;
                }
                Err(error) => {
                    stats.dropped.add(chunk.events);
                    if !failing {
                        tracing::error!("can't write to {self}: {error}; events are dropped until it works");
                    }
                    failing = true;
                }
            }
        }
    }
}

/// Notes how long it took to get here.
fn written(chunk: &Chunk, stats: &Stats) {
    let now = boot_now();
    stats.stages.write.observe(now.saturating_sub(chunk.handed_on));
    if let Some(first) = chunk.first {
        stats.stages.total.observe(now.saturating_sub(first));
    }
}

fn write_all(fd: impl rustix::fd::AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&fd, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            // A descriptor that someone else made non-blocking: wait as if it were not.
            Err(rustix::io::Errno::AGAIN) => {
                let mut poll = [rustix::event::PollFd::new(&fd, rustix::event::PollFlags::OUT)];
                rustix::event::poll(&mut poll, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A file that grows to a size and is then put aside. When it is deleted or moved away, it is made anew: events would go
/// where nobody finds them.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    /// Device and inode; `None` for what is no regular file.
    identity: Option<(u64, u64)>,
    len: u64,
    rotation: Rotation,
}

impl LogFile {
    /// Begins the file anew. It is made readable by its owner only: events hold what processes read and write.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn create(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let file = open(path, true)?;
        let identity = identity(&file)?;
        Ok(Self { path: path.to_owned(), file, identity, len: 0, rotation })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_gone() {
            self.open_again()?;
        }
        if self.len > 0 && self.rotation.size.is_some_and(|size| self.len + bytes.len() as u64 > size) {
            self.rotate()?;
        }
        let written = self.file.write_all(bytes);
        if written.is_err() {
            // A torn line would break every reader of the file. Failing to cut it is the lesser error.
            let _ = self.file.set_len(self.len);
            let _ = io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.len));
        } else {
            self.len += bytes.len() as u64;
        }
        written
    }

    /// `FILE.1` becomes `FILE.2` and so on, `FILE` becomes `FILE.1`; the oldest goes.
    fn rotate(&mut self) -> io::Result<()> {
        for n in (1..self.rotation.keep).rev() {
            match fs::rename(self.numbered(n), self.numbered(n + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.rotation.keep > 0 {
            fs::rename(&self.path, self.numbered(1))?;
        }
        self.file = open(&self.path, true)?;
        self.identity = identity(&self.file)?;
        self.len = 0;
        Ok(())
    }

    /// Whether the name does not stand for the file any more.
    fn is_gone(&self) -> bool {
        let Some(identity) = self.identity else { return false };
        match fs::metadata(&self.path) {
            Ok(named) => (named.dev(), named.ino()) != identity,
            Err(error) => matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        }
    }

    /// Makes the file anew, or goes on behind what is in the one that somebody has put there.
    fn open_again(&mut self) -> io::Result<()> {
        let mut file = open(&self.path, false)?;
        self.len = io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        self.identity = identity(&file)?;
        self.file = file;
        Ok(())
    }

    fn numbered(&self, n: u32) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{n}"));
        name.into()
    }
}

fn open(path: &Path, anew: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(anew).mode(0o600).open(path)
}

fn identity(file: &File) -> io::Result<Option<(u64, u64)>> {
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then(|| (metadata.dev(), metadata.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_put_aside_by_size_and_the_oldest_goes() {
        let folder = std::env::temp_dir().join(format!("lanner-rotation-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("events");
        let mut file = LogFile::create(&path, Rotation { size: Some(10), keep: 2 }).expect("a file");
        for line in ["one---\n", "two---\n", "three-\n", "four--\n", "a line longer than a file\n"] {
            file.write(line.as_bytes()).expect("written");
        }
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        assert_eq!(read("events").as_deref(), Some("a line longer than a file\n"));
        assert_eq!(read("events.1").as_deref(), Some("four--\n"));
        assert_eq!(read("events.2").as_deref(), Some("three-\n"));
        assert_eq!(read("events.3"), None);
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_file_that_is_taken_away_is_made_anew() {
        let folder = std::env::temp_dir().join(format!("lanner-taken-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("events");
        let mut file = LogFile::create(&path, Rotation { size: None, keep: 0 }).expect("a file");
        file.write(b"one\n").expect("written");
        fs::remove_file(&path).expect("removed");
        file.write(b"two\n").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "two\n");
        fs::rename(&path, folder.join("moved")).expect("moved");
        fs::write(&path, "another's\n").expect("a file");
        file.write(b"three\n").expect("written");
        assert_eq!(fs::read_to_string(folder.join("moved")).expect("a file"), "two\n");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "another's\nthree\n");
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(file.write(b"four\n").map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
        fs::create_dir_all(&folder).expect("a folder");
        file.write(b"five\n").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "five\n");
        fs::remove_dir_all(&folder).expect("removed");
    }
}
