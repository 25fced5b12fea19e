/*
 * Rival 4: standalone Asio, as its examples of echo servers: a session is kept alive by the
 * operation that it waits for, and reads and writes in turn. Two threads run the context. Pipes are
 * accepted as the documentation of windows::overlapped_ptr shows.
 */
#include "rival.h"

#include <asio.hpp>
#include <asio/windows/overlapped_ptr.hpp>
#include <asio/windows/stream_handle.hpp>

#include <cstdlib>
#include <memory>
#include <utility>

namespace
{

const int waiting = 16; // instances that wait for clients

rival options;

class session : public std::enable_shared_from_this<session>
{
  public:
    session(asio::io_context &context, HANDLE pipe)
        : pipe_(context, pipe), buffer_(rival_buffer_open(&options), std::free)
    {
        if (!buffer_)
            rival_die("no memory", ERROR_NOT_ENOUGH_MEMORY);
    }

    HANDLE handle()
    {
        return pipe_.native_handle();
    }

    // Sends what the buffer holds, a call each, and then reads on.
    void send()
    {
        char *data;
        std::size_t length = rival_buffer_next(buffer_.get(), &options, &data);
        auto self = shared_from_this();

        if (length == 0) {
            receive();
            return;
        }
        if (options.drives)
            rival_count(1);
        asio::async_write(pipe_, asio::buffer(data, length),
                          [self](const asio::error_code &error, std::size_t) {
                              if (!error)
                                  self->send();
                              else
                                  self->over(error);
                          });
    }

  private:
    void receive()
    {
        char *data;
        std::size_t size = rival_buffer_space(buffer_.get(), &data);
        auto self = shared_from_this();

        pipe_.async_read_some(asio::buffer(data, size),
                              [self](const asio::error_code &error, std::size_t length) {
                                  if (error) {
                                      self->over(error);
                                      return;
                                  }
                                  rival_buffer_add(self->buffer_.get(), length);
                                  self->send();
                              });
    }

    // A server's session ends with its last reference.
    void over(const asio::error_code &error)
    {
        if (options.drives)
            rival_die("the server left", static_cast<DWORD>(error.value()));
    }

    asio::windows::stream_handle pipe_;
    std::unique_ptr<rival_buffer, void (*)(void *)> buffer_;
};

void accept(asio::io_context &context)
{
    auto next = std::make_shared<session>(context, rival_instance(&options, FILE_FLAG_OVERLAPPED));
    asio::windows::overlapped_ptr operation(
        context, [&context, next](const asio::error_code &error, std::size_t) {
            if (!error)
                next->send();
            accept(context);
        });
    DWORD error = ConnectNamedPipe(next->handle(), operation.get()) ? 0 : GetLastError();

    if (error == ERROR_IO_PENDING) {
        operation.release();
    } else {
        int value = error == ERROR_PIPE_CONNECTED ? 0 : static_cast<int>(error);

        operation.complete(asio::error_code(value, asio::error::get_system_category()), 0);
    }
}

void serve(asio::io_context &context)
{
    for (int i = 0; i < waiting; i++)
        accept(context);
    rival_ready(&options);
}

void drive(asio::io_context &context)
{
    for (unsigned i = 0; i < options.clients; i++)
        std::make_shared<session>(context, rival_open(&options, FILE_FLAG_OVERLAPPED))->send();
    rival_measure(&options);
}

// Not std::thread, which MinGW has in one of its two variants only.
DWORD WINAPI run(void *context)
{
    static_cast<asio::io_context *>(context)->run();
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    rival_start(&options, argc, argv);
    asio::io_context context;
    if (options.drives)
        drive(context);
    else
        serve(context);
    HANDLE thread = CreateThread(nullptr, 0, run, &context, 0, nullptr);
    if (!thread)
        rival_die("CreateThread", GetLastError());
    run(&context);
    WaitForSingleObject(thread, INFINITE);
    return 0;
}
