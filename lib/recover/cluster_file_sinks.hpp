#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "recover/missing_pages.hpp"
#include "stream/sink.hpp"

namespace bkp::recover {

/// How files are written, and what came of it. Any thread.
struct FileWriting {
  /// What a file has already is compared, and written only where it differs: for a directory that
  /// holds an older or a damaged copy of the cluster.
  bool reuse = false;
  std::atomic<std::uint64_t> bytes = 0;   ///< of the files as they are in the end
  std::atomic<std::uint64_t> reused = 0;  ///< of them, that were there and right
};

/// Where what a backup has of a file goes while a chain is restored. All throw Error{store} for
/// what cannot be written.

/// The whole file, made anew.
std::unique_ptr<stream::Sink> whole_file(const std::filesystem::path& path, unsigned mode,
                                         FileWriting& writing);

/// A file of which the newest backup has some pages (incremental_file.hpp): it gets its size, those
/// pages, and an entry in `missing` under `name` for the others.
std::unique_ptr<stream::Sink> some_pages(const std::filesystem::path& path, unsigned mode,
                                         const std::string& name, MissingPages& missing,
                                         FileWriting& writing);

/// Of what an older backup has of a file, whole or by pages, those pages that are still missing.
std::unique_ptr<stream::Sink> fill_from_whole(const std::filesystem::path& path,
                                              UnfinishedFile& file, GivenPages& given,
                                              FileWriting& writing);
std::unique_ptr<stream::Sink> fill_from_pages(const std::filesystem::path& path,
                                              const std::string& name, UnfinishedFile& file,
                                              GivenPages& given, FileWriting& writing);

}  // namespace bkp::recover
