#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "catalog/event.hpp"
#include "util/fd.hpp"

namespace bkp::catalog {

/// Spool files: SPOOL_DIRECTORY/RUN_KEY.jsonl, 0600, one event a line (event.hpp), appended and
/// fsynced one by one, so that a line is either whole or, after a crash, the torn last one. Whoever
/// works on a file holds flock(2) on it: the run that writes it, for as long as it lives, or the
/// one that delivers it. A lock ends with its process, so a file that can be locked is nobody's.

/// This run's file. Made at the first append().
class SpoolWriter {
 public:
  SpoolWriter(std::filesystem::path directory, const std::string& run_key);

  /// Returns when the event is on disk. Throws Error{store} when it could not be written; it then
  /// does not count, and the next one takes its place.
  void append(const Event& event);
  const std::filesystem::path& path() const { return m_path; }
  bool empty() const { return m_size == 0; }
  /// What was appended so far.
  std::vector<Event> events() const;
  /// Removes the file, durably: everything in it was delivered.
  void discard();

 private:
  void create();

  std::filesystem::path m_directory;
  std::filesystem::path m_path;
  util::Fd m_file;
  std::size_t m_size = 0;
};

/// A file some earlier run left, locked by this process until destruction.
class SpoolFile {
 public:
  /// nullopt when a live process holds it, or it is gone. Throws Error{store} when it cannot be
  /// opened or read.
  static std::optional<SpoolFile> take(const std::filesystem::path& path);

  /// The events in order. A torn last line is no event.
  const std::vector<Event>& events() const { return m_events; }
  /// Lines that are whole and yet no event of this version.
  std::size_t unreadable_lines() const { return m_unreadable_lines; }
  /// Removes the file, durably.
  void discard();
  /// Renames it to *.bad, where nothing looks at it again; returns the new path.
  std::filesystem::path set_aside();

 private:
  SpoolFile(std::filesystem::path path, util::Fd file);
  void parse(std::string_view text);

  std::filesystem::path m_path;
  util::Fd m_file;
  std::vector<Event> m_events;
  std::size_t m_unreadable_lines = 0;
};

/// The files waiting in the directory, by the time of their last change; none when there is no
/// such directory.
std::vector<std::filesystem::path> waiting_spool_files(const std::filesystem::path& directory);

/// Whole lines in the file; 0 when it is gone.
std::size_t count_events(const std::filesystem::path& path);

}  // namespace bkp::catalog
