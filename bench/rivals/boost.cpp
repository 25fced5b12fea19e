/*
 * Boost.Interprocess, as its documentation shows: for each client two message queues, and a thread
 * on either side. What it needs of the system it keeps in files of the folder for temporary ones.
 */
#include "rival.h"

#include <cstdlib>
#include <string>

/* By default it asks the event log for the time of the last start, which names its folder. */
#define BOOST_INTERPROCESS_SHARED_DIR_FUNC
namespace boost
{
namespace interprocess
{
namespace ipcdetail
{
inline void get_shared_dir(std::string &folder)
{
    char path[MAX_PATH];

    folder.assign(path, GetTempPathA(sizeof path, path) - 1); /* without the last backslash */
}
} // namespace ipcdetail
} // namespace interprocess
} // namespace boost

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>

namespace
{

using boost::interprocess::message_queue;

const unsigned most_clients = 64;

rival options;

struct client {
    message_queue *in, *out;
};

// The server makes it. One of a process that was killed may be there still, locked for ever.
message_queue *open(unsigned index, const char *what)
{
    const std::string pipe = options.path;
    const std::string name =
        pipe.substr(pipe.rfind('\\') + 1) + "-" + std::to_string(index) + "-" + what;

    if (options.drives)
        return new message_queue(boost::interprocess::open_only, name.c_str());
    message_queue::remove(name.c_str());
    return new message_queue(boost::interprocess::create_only, name.c_str(), RIVAL_DEPTH,
                             RIVAL_SIZE + 4);
}

DWORD WINAPI talk(void *context)
{
    const client *c = static_cast<const client *>(context);
    rival_buffer *b = rival_buffer_open(&options);
    message_queue::size_type length;
    unsigned priority;
    char *data;

    if (!b)
        rival_die("no memory", ERROR_NOT_ENOUGH_MEMORY);
    for (;;) {
        unsigned messages = 0;

        for (; (length = rival_buffer_next(b, &options, &data)) > 0; messages++)
            c->out->send(data, length, 0);
        if (options.drives)
            rival_count(messages);
        length = rival_buffer_space(b, &data);
        c->in->receive(data, length, length, priority);
        rival_buffer_add(b, length);
    }
}

void run()
{
    static client clients[most_clients];
    const unsigned count = options.drives ? options.clients : most_clients;

    if (count > most_clients)
        rival_die("at most 64 clients", 0);
    for (unsigned i = 0; i < count; i++) {
        message_queue *requests = open(i, "requests"), *answers = open(i, "answers");

        clients[i] = options.drives ? client{answers, requests} : client{requests, answers};
        if (!CreateThread(nullptr, 0, talk, &clients[i], 0, nullptr))
            rival_die("CreateThread", GetLastError());
    }
    if (options.drives)
        rival_measure(&options);
    else
        rival_ready(&options);
    WaitForSingleObject(CreateEventA(nullptr, TRUE, FALSE, nullptr), INFINITE); // until Ctrl-C
}

} // namespace

int main(int argc, char **argv)
{
    rival_start(&options, argc, argv);
    try {
        run();
    } catch (const boost::interprocess::interprocess_exception &error) {
        rival_die(error.what(), error.get_native_error());
    }
    return 0;
}
