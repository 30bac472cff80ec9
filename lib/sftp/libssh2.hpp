#pragma once

#include <libssh2.h>
#include <libssh2_sftp.h>

#include "util/late_library.hpp"

namespace bkp::sftp {

/// What is used of libssh2: its manual pages; some are called by macros of its headers.
inline constexpr util::LateLibrary libssh2{"libssh2.so.1", "libssh2-1"};

BKP_LATE(libssh2, libssh2_agent_connect);
BKP_LATE(libssh2, libssh2_agent_disconnect);
BKP_LATE(libssh2, libssh2_agent_free);
BKP_LATE(libssh2, libssh2_agent_get_identity);
BKP_LATE(libssh2, libssh2_agent_init);
BKP_LATE(libssh2, libssh2_agent_list_identities);
BKP_LATE(libssh2, libssh2_agent_set_identity_path);
BKP_LATE(libssh2, libssh2_agent_userauth);
BKP_LATE(libssh2, libssh2_init);
BKP_LATE(libssh2, libssh2_session_block_directions);
BKP_LATE(libssh2, libssh2_session_disconnect_ex);
BKP_LATE(libssh2, libssh2_session_free);
BKP_LATE(libssh2, libssh2_session_handshake);
BKP_LATE(libssh2, libssh2_session_hostkey);
BKP_LATE(libssh2, libssh2_session_init_ex);
BKP_LATE(libssh2, libssh2_session_last_errno);
BKP_LATE(libssh2, libssh2_session_last_error);
BKP_LATE(libssh2, libssh2_session_method_pref);
BKP_LATE(libssh2, libssh2_session_set_blocking);
BKP_LATE(libssh2, libssh2_sftp_close_handle);
BKP_LATE(libssh2, libssh2_sftp_fsync);
BKP_LATE(libssh2, libssh2_sftp_init);
BKP_LATE(libssh2, libssh2_sftp_last_error);
BKP_LATE(libssh2, libssh2_sftp_mkdir_ex);
BKP_LATE(libssh2, libssh2_sftp_open_ex);
BKP_LATE(libssh2, libssh2_sftp_read);
BKP_LATE(libssh2, libssh2_sftp_readdir_ex);
BKP_LATE(libssh2, libssh2_sftp_rename_ex);
BKP_LATE(libssh2, libssh2_sftp_rmdir_ex);
BKP_LATE(libssh2, libssh2_sftp_seek64);
BKP_LATE(libssh2, libssh2_sftp_stat_ex);
BKP_LATE(libssh2, libssh2_sftp_statvfs);
BKP_LATE(libssh2, libssh2_sftp_unlink_ex);
BKP_LATE(libssh2, libssh2_sftp_write);
BKP_LATE(libssh2, libssh2_userauth_publickey_frommemory);

}  // namespace bkp::sftp
