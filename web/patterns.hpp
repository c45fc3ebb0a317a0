// The nine patterns: one file of patterns/ each. They take a session whose base URL is the
// server's.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "reporter.hpp"

reqivo::Task<nlohmann::json> basic_request(reqivo::AsyncSession session);
reqivo::Task<nlohmann::json> concurrent_gather(reqivo::AsyncSession session);
reqivo::Task<nlohmann::json> return_exceptions(reqivo::AsyncSession session, Reporter report);
reqivo::Task<nlohmann::json> post_json(reqivo::AsyncSession session);
reqivo::Task<nlohmann::json> background_task(reqivo::AsyncSession session, Reporter report);
reqivo::Task<nlohmann::json> api_client(reqivo::AsyncSession session);
reqivo::Task<nlohmann::json> semaphore(reqivo::AsyncSession session);
/// `path`: what to stream.
reqivo::Task<nlohmann::json> streaming(reqivo::AsyncSession session, Reporter report,
                                       std::string path);
reqivo::Task<nlohmann::json> timeouts(reqivo::AsyncSession session, Reporter report);
