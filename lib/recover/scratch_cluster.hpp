#pragma once

#include <filesystem>
#include <optional>

#include "recover/cluster_chain.hpp"
#include "recover/cluster_place.hpp"
#include "recover/recovery_server.hpp"
#include "run/context.hpp"
#include "util/fd.hpp"

namespace bkp::recover {

/// A place below the scratch directory for a cluster that is restored for a while: its data
/// directory and its tablespaces. The destructor removes all of it. What a killed run leaves is
/// taken down by clear_leftovers().
class ScratchPlace {
 public:
  /// Throws Error{refused} when there is no room.
  ScratchPlace(run::Context& context, const ClusterChain& chain);
  ~ScratchPlace();
  ScratchPlace(const ScratchPlace&) = delete;
  ScratchPlace& operator=(const ScratchPlace&) = delete;

  const std::filesystem::path& directory() const { return m_directory; }
  const ClusterPlace& place() const { return m_place; }

  /// Stops the servers of runs that died and removes their places.
  static void clear_leftovers(run::Context& context);

 private:
  std::filesystem::path m_directory;
  util::Fd m_lock;  ///< held as long as this lives
  ClusterPlace m_place;
};

/// A directory below the scratch directory for what is unpacked for a while, likewise.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(run::Context& context);
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return m_path; }

 private:
  run::Context& m_context;
  std::filesystem::path m_path;
  util::Fd m_lock;
};

/// The same with a server that is started there and looked at; the destructor stops it.
class ScratchCluster {
 public:
  /// Throws Error{refused} when there is no room, no program of the server's version, or for root.
  ScratchCluster(run::Context& context, const ClusterChain& chain);
  ~ScratchCluster();
  ScratchCluster(const ScratchCluster&) = delete;
  ScratchCluster& operator=(const ScratchCluster&) = delete;

  const ClusterPlace& place() const { return m_place.place(); }
  RecoveryServer& server() { return m_server; }

 private:
  ScratchPlace m_place;
  RecoveryServer m_server;
};

/// A place for the socket of a server that stays; clear_leftovers() removes it once that has ended.
std::filesystem::path new_socket_directory(const run::Context& context);

/// Where postgres and pg_ctl of exactly this major version are; the newer ones that other programs
/// make do with cannot start its clusters. Throws Error{database} or Error{refused}.
std::filesystem::path server_programs(run::Context& context, int server_version);

}  // namespace bkp::recover
