// SPDX-License-Identifier: Apache-2.0
//! What the kernel can do, found out by trying.

use aya::maps::{MapData, MapError};
use aya_obj::generated::bpf_map_type::BPF_MAP_TYPE_RINGBUF;

/// Whether ring buffers can be made.
///
/// # Errors
/// When that can't be tried, for want of privilege.
pub fn ring_buffer() -> Result<bool, std::io::Error> {
    let definition = aya_obj::Map::new_from_params(BPF_MAP_TYPE_RINGBUF as u32, 0, 0, 1 << 16, 0);
    match MapData::create(definition, "lanner_try", None) {
        Ok(_) => Ok(true),
        Err(MapError::CreateError { io_error, .. }) if io_error.raw_os_error() == Some(22) => Ok(false),
        Err(MapError::CreateError { io_error, .. }) => Err(io_error),
        Err(error) => Err(std::io::Error::other(error)),
    }
}
