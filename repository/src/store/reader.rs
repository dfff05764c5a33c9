//! Reading one object from its first byte to its last.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::GetResultPayload;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Store, count};
use crate::error::{Error, Result};

/// Bytes of a large object that one request asks for. A request has a time limit, and what it has fetched when it
/// fails is fetched again at most once; without a window a large object could do neither over a slow network.
pub(super) const WINDOW: u64 = 32 << 20;
/// With a limited rate a window is as much as comes in this many seconds.
const LIMITED_WINDOW_SECONDS: u64 = 4;
const MIN_WINDOW: u64 = 256 << 10;
/// Blocks that wait for who reads, so that the network does not. Blocks of a connection have up to some hundred KiB.
const BLOCKS_AHEAD: usize = 8;

/// An object that is being read.
pub(crate) struct ObjectReader {
    store: Store,
    key: String,
    source: Source,
    length: u64,
}

enum Source {
    File(File, PathBuf),
    /// Blocks of the first `arrived` bytes; the rest is asked for when they are there.
    Stream {
        stream: BoxStream<'static, object_store::Result<Bytes>>,
        arrived: u64,
    },
}

impl ObjectReader {
    pub(super) fn new(
        store: Store,
        key: String,
        payload: GetResultPayload,
        range: &Range<u64>,
        length: u64,
    ) -> Self {
        let source = match payload {
            GetResultPayload::File(file, path) => Source::File(file, path),
            GetResultPayload::Stream(stream) => Source::Stream { stream, arrived: range.end },
        };
        Self { store, key, source, length }
    }

    /// The length that the store gave for the object.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Hands the object's bytes to `take`, block by block, and returns how many there were. `buffer` bounds the
    /// blocks of a local file; a stream's blocks are as they come.
    pub(crate) fn for_each_block(
        self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<u64> {
        let Self { store, key, source, length } = self;
        let mut total = 0_u64;
        match source {
            Source::File(mut file, path) => loop {
                let read = file.read(buffer).map_err(|source| {
                    Error::from_io(format!("cannot read object '{key}' at '{}'", path.display()), source)
                })?;
                if read == 0 {
                    return Ok(total);
                }
                store.limits.wait_download(read, &store.stop)?;
                total += read as u64;
                take(&buffer[..read])?;
            },
            Source::Stream { mut stream, arrived } => {
                let mut end = arrived;
                loop {
                    let mut blocks = Pump::start(&store, stream);
                    while let Some(block) = blocks.next()? {
                        let block = block.map_err(|source| store.failed("read", &key, source))?;
                        store.limits.wait_download(block.len(), &store.stop)?;
                        total += block.len() as u64;
                        take(&block)?;
                    }
                    // A stream that ends early is found by who knows the length.
                    if end >= length || total < end {
                        return Ok(total);
                    }
                    let next = end..length.min(end + store.window());
                    end = next.end;
                    stream = store.stream_range(&key, next)?;
                }
            }
        }
    }

    /// All of it.
    pub(crate) fn read_whole(self) -> Result<Bytes> {
        let mut whole = Vec::with_capacity(usize::try_from(self.length).unwrap_or(0));
        let mut buffer = match self.source {
            Source::File(..) => vec![0; 64 << 10],
            Source::Stream { .. } => Vec::new(),
        };
        self.for_each_block(&mut buffer, |block| {
            whole.extend_from_slice(block);
            Ok(())
        })?;
        Ok(whole.into())
    }
}

/// Keeps a stream going while its blocks are used.
struct Pump<'a> {
    store: &'a Store,
    blocks: mpsc::Receiver<object_store::Result<Bytes>>,
    task: JoinHandle<()>,
}

impl<'a> Pump<'a> {
    fn start(store: &'a Store, mut stream: BoxStream<'static, object_store::Result<Bytes>>) -> Self {
        let (sender, blocks) = mpsc::channel(BLOCKS_AHEAD);
        let task = store.inner.runtime.spawn(async move {
            while let Some(block) = stream.next().await {
                if sender.send(block).await.is_err() {
                    return;
                }
            }
        });
        Self { store, blocks, task }
    }

    fn next(&mut self) -> Result<Option<object_store::Result<Bytes>>> {
        match self.blocks.try_recv() {
            Ok(block) => Ok(Some(block)),
            Err(mpsc::error::TryRecvError::Disconnected) => Ok(None),
            Err(mpsc::error::TryRecvError::Empty) => self.store.drive(self.blocks.recv()),
        }
    }
}

impl Drop for Pump<'_> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Store {
    /// Bytes that the next request for a large object asks for.
    pub(super) fn window(&self) -> u64 {
        match self.limits.get().download_bytes {
            0 => WINDOW,
            rate => rate.saturating_mul(LIMITED_WINDOW_SECONDS).clamp(MIN_WINDOW, WINDOW),
        }
    }

    fn stream_range(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, object_store::Result<Bytes>>> {
        count(&self.inner.counters.get);
        let result = self.get_opts(key, Some(range))?;
        Ok(result.into_stream())
    }
}
