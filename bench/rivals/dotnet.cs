// Rival 7: .NET's NamedPipeServerStream, asynchronous, as its documentation's examples: a task for each
// client, and a buffer of 64 KiB in each. `dotnet NAME byte|message`. A message is read to its end and
// leaves in one write.
using System;
using System.IO;
using System.IO.Pipes;
using System.Threading.Tasks;

static class Rival
{
    const int Buffer = 65536; // a quota of the kernel's, and the longest read
    const int Waiting = 64;   // instances that wait for clients

    static string name;
    static PipeTransmissionMode mode;

    static NamedPipeServerStream Open()
    {
        return new NamedPipeServerStream(name, PipeDirection.InOut,
                                         NamedPipeServerStream.MaxAllowedServerInstances, mode,
                                         PipeOptions.Asynchronous, Buffer, Buffer);
    }

    // The bytes of the next read, or of the next message; 0: the client has left.
    static async ValueTask<int> Read(NamedPipeServerStream pipe, byte[] buffer)
    {
        int have = await pipe.ReadAsync(buffer.AsMemory()).ConfigureAwait(false);
        while (mode == PipeTransmissionMode.Message && have > 0 && !pipe.IsMessageComplete)
            have += await pipe.ReadAsync(buffer.AsMemory(have)).ConfigureAwait(false);
        return have;
    }

    static async Task Echo(NamedPipeServerStream pipe)
    {
        byte[] buffer = new byte[Buffer];
        try
        {
            using (pipe)
                for (int have; (have = await Read(pipe, buffer).ConfigureAwait(false)) > 0;)
                    await pipe.WriteAsync(buffer.AsMemory(0, have)).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // the client left before its answer
        }
    }

    static async Task Accept(NamedPipeServerStream pipe)
    {
        for (;; pipe = Open())
        {
            try
            {
                await pipe.WaitForConnectionAsync().ConfigureAwait(false);
            }
            catch (IOException)
            {
                pipe.Dispose(); // the client left already
                continue;
            }
            _ = Echo(pipe);
        }
    }

    static void Main(string[] arguments)
    {
        name = arguments[0];
        mode = arguments[1] == "message" ? PipeTransmissionMode.Message : PipeTransmissionMode.Byte;
        for (int i = 0; i < Waiting; i++)
            _ = Accept(Open());
        Console.CancelKeyPress += (sender, pressed) => Environment.Exit(0);
        Console.WriteLine("ready pipe=" + name);
        Task.Delay(-1).Wait();
    }
}
