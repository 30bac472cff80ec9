#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "recover/missing_pages.hpp"
#include "stream/sink.hpp"

namespace bkp::recover {

/// Where what a backup has of a file goes while a chain is restored. All throw Error{store} for
/// what cannot be written.

/// The whole file, made anew.
std::unique_ptr<stream::Sink> whole_file(const std::filesystem::path& path, unsigned mode);

/// A file of which the newest backup has some pages (incremental_file.hpp): it gets its size, those
/// pages, and an entry in `missing` under `name` for the others. `bytes` grows by its size.
std::unique_ptr<stream::Sink> some_pages(const std::filesystem::path& path, unsigned mode,
                                         const std::string& name, MissingPages& missing,
                                         std::atomic<std::uint64_t>& bytes);

/// Of what an older backup has of a file, whole or by pages, those pages that are still missing.
std::unique_ptr<stream::Sink> fill_from_whole(const std::filesystem::path& path,
                                              UnfinishedFile& file, GivenPages& given);
std::unique_ptr<stream::Sink> fill_from_pages(const std::filesystem::path& path,
                                              const std::string& name, UnfinishedFile& file,
                                              GivenPages& given);

}  // namespace bkp::recover
