#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "recover/cluster_file.hpp"
#include "recover/missing_pages.hpp"
#include "stream/sink.hpp"

namespace bkp::recover {

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
