//! Takes a name over that a process has left behind: a socket on which nobody answers.
//!
//! Everyone who does so here holds a lock on the folder from the question whether somebody answers
//! until they listen. So none of them takes a name over that another has just bound.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use socket2::Domain;

use super::path::{self, Name};
use super::{check, socket};

/// How often a folder's lock is tried, and how long each waits for the next: the owner keeps it for
/// less than a millisecond.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// The right to take over the names of one folder. It ends when this is dropped.
#[derive(Debug)]
pub struct Claim(#[allow(dead_code)] Option<File>);

/// Binds to `bytes`, the path of `name`. Removes a socket there first if nobody answers on it. Keep
/// the claim until the socket listens.
///
/// # Errors
/// As for [`path::bind`]; `EADDRINUSE` also for what is no socket or cannot be removed.
pub fn bind(bytes: &[u8], name: &Name) -> io::Result<(OwnedFd, Claim)> {
    let path = Path::new(OsStr::from_bytes(bytes));
    let claim = Claim::on(path)?;
    match path::bind(name) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            remove_stale(path, name)?;
            path::bind(name).map(|fd| (fd, claim))
        }
        result => result.map(|fd| (fd, claim)),
    }
}

impl Claim {
    /// Waits a little for the lock. Without the right to read the folder there is none.
    fn on(path: &Path) -> io::Result<Self> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) else {
            return Ok(Self(None));
        };
        for _ in 0..TRIES {
            // SAFETY: the descriptor is open, and flock takes no memory.
            let locked =
                check(unsafe { libc::flock(folder.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) });
            match locked {
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                // A file system without locks is used without.
                _ => return Ok(Self(Some(folder))),
            }
        }
        Err(in_use())
    }
}

/// Which file a path names: its device and number, which another file may get, and its age.
type Identity = (u64, u64, i64, i64);

/// Returns which socket a path names; `None` for anything else.
fn socket_at(path: &Path) -> io::Result<Option<Identity>> {
    let found = fs::symlink_metadata(path)?;
    let is_socket = found.file_type().is_socket();
    Ok(is_socket.then(|| (found.dev(), found.ino(), found.mtime(), found.mtime_nsec())))
}

/// Removes a socket on which nobody answers. It is moved aside first: where that was another file,
/// made meanwhile, it is moved back.
fn remove_stale(path: &Path, name: &Name) -> io::Result<()> {
    let stale = match socket_at(path) {
        Ok(Some(stale)) => stale,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        _ => return Err(in_use()),
    };
    if is_answered(name)? {
        return Err(in_use());
    }
    let aside = path_aside(path);
    if aside.symlink_metadata().is_ok() || fs::rename(path, &aside).is_err() {
        return Err(in_use());
    }
    if matches!(socket_at(&aside), Ok(Some(moved)) if moved == stale) {
        return fs::remove_file(&aside);
    }
    let _ = fs::rename(&aside, path);
    Err(in_use())
}

/// Returns a name of this process beside a path.
fn path_aside(path: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = format!(".rust-net-{}-{count}", std::process::id());
    path.with_file_name(file)
}

/// True unless a connect is refused, which is so of a socket without a listener. One with a full
/// backlog answers, and so does one of another type.
///
/// # Errors
/// The kernel's where it has no descriptor left.
fn is_answered(name: &Name) -> io::Result<bool> {
    let probe = socket::stream_socket(Domain::UNIX)?;
    let outcome = path::connect(probe.as_fd(), name);
    Ok(!matches!(outcome, Err(error) if error.kind() == ErrorKind::ConnectionRefused))
}

fn in_use() -> io::Error {
    io::Error::from_raw_os_error(libc::EADDRINUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    /// A folder for one test, which is removed with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let name = format!("rust-net-{}-takeover-{test}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        fn path(&self) -> PathBuf {
            self.0.join("socket")
        }

        fn take_over(&self) -> io::Result<(OwnedFd, Claim)> {
            let path = self.path();
            let bytes = path.as_os_str().as_bytes();
            bind(bytes, &Name::new(bytes, false).unwrap())
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.0).unwrap().count()
        }

        fn is_in_use(&self) -> bool {
            let kind = self.take_over().map_err(|error| error.kind());
            matches!(kind, Err(ErrorKind::AddrInUse))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_socket_that_was_left_behind_is_replaced() {
        let folder = Folder::new("stale");
        drop(UnixListener::bind(folder.path()).unwrap());
        let before = socket_at(&folder.path()).unwrap();
        let (fd, _claim) = folder.take_over().unwrap();
        assert_ne!(socket_at(&folder.path()).unwrap(), before);
        path::listen(fd.as_fd(), 1).unwrap();
        UnixStream::connect(folder.path()).unwrap();
        assert_eq!(folder.files(), 1);
    }

    #[test]
    fn what_answers_or_is_no_listener_of_streams_stays() {
        let folder = Folder::new("living");
        let listener = UnixListener::bind(folder.path()).unwrap();
        assert!(folder.is_in_use());
        drop(listener);
        fs::remove_file(folder.path()).unwrap();
        let datagrams = UnixDatagram::bind(folder.path()).unwrap();
        assert!(folder.is_in_use());
        drop(datagrams);
        fs::remove_file(folder.path()).unwrap();
        fs::write(folder.path(), "text").unwrap();
        assert!(folder.is_in_use());
        assert_eq!(fs::read(folder.path()).unwrap(), b"text");
        assert_eq!(folder.files(), 1);
    }

    #[test]
    fn a_link_to_a_socket_stays() {
        let folder = Folder::new("link");
        let target = folder.0.join("target");
        drop(UnixListener::bind(&target).unwrap());
        std::os::unix::fs::symlink(&target, folder.path()).unwrap();
        assert!(folder.is_in_use());
        assert_eq!(folder.files(), 2);
    }

    #[test]
    fn what_is_bound_and_does_not_listen_yet_is_not_taken_over() {
        let folder = Folder::new("claim");
        let (fd, claim) = folder.take_over().unwrap();
        assert!(folder.is_in_use());
        path::listen(fd.as_fd(), 1).unwrap();
        drop(claim);
        assert!(folder.is_in_use());
        drop(fd);
        drop(folder.take_over().unwrap());
    }

    #[test]
    fn many_at_once_end_with_one() {
        let folder = Folder::new("race");
        for _ in 0..20 {
            drop(UnixListener::bind(folder.path()).unwrap());
            let take = || {
                let (fd, claim) = folder.take_over().ok()?;
                path::listen(fd.as_fd(), 1).unwrap();
                drop(claim);
                Some(fd)
            };
            let taken: Vec<_> = thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
                threads
                    .into_iter()
                    .filter_map(|it| it.join().unwrap())
                    .collect()
            });
            assert_eq!(taken.len(), 1);
            assert_eq!(folder.files(), 1);
            fs::remove_file(folder.path()).unwrap();
        }
    }
}
