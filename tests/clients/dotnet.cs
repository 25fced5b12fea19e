// A client in .NET, as its users write them. `dotnet.dll PIPE WHAT [ARGUMENT...]`; status 0 when all
// was as docs/clients.md says.
using System;
using System.IO;
using System.IO.Pipes;
using System.Linq;
using System.Threading.Tasks;

static class Client
{
    const int Deadline = 30000; // milliseconds to connect in

    static string name;

    static NamedPipeClientStream Open(string mode)
    {
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        pipe.Connect(Deadline);
        if (mode == "message")
            pipe.ReadMode = PipeTransmissionMode.Message;
        return pipe;
    }

    static void Check(bool holds, string what)
    {
        if (!holds)
            throw new Exception(what);
    }

    // ---- One message ----

    static byte[] Pattern(int size)
    {
        return Enumerable.Range(0, size).Select(i => (byte)(i * 31 >> 3)).ToArray();
    }

    static Task Send(Stream pipe, string mode, byte[] message)
    {
        if (mode == "framed")
            message = BitConverter.GetBytes(message.Length).Concat(message).ToArray();
        return pipe.WriteAsync(message, 0, message.Length);
    }

    // So many bytes, or fewer, with which it ended.
    static async Task<byte[]> Take(Stream pipe, int length)
    {
        byte[] taken = new byte[length];
        int have = 0, part;
        while (have < length && (part = await pipe.ReadAsync(taken, have, length - have)) > 0)
            have += part;
        return taken.Take(have).ToArray();
    }

    static async Task<byte[]> TakeMessage(NamedPipeClientStream pipe)
    {
        var message = new MemoryStream();
        byte[] part = new byte[1000];
        do
        {
            int length = await pipe.ReadAsync(part, 0, part.Length);
            message.Write(part, 0, length);
        } while (!pipe.IsMessageComplete);
        return message.ToArray();
    }

    static async Task<byte[]> Receive(NamedPipeClientStream pipe, string mode, int size)
    {
        if (mode == "message")
            return await TakeMessage(pipe);
        if (mode == "framed")
            size = BitConverter.ToInt32(await Take(pipe, 4), 0);
        return await Take(pipe, size);
    }

    static async Task Echo(NamedPipeClientStream pipe, string mode, int size)
    {
        byte[] sent = Pattern(size);
        Task sending = Send(pipe, mode, sent);
        byte[] got = await Receive(pipe, mode, size);
        await sending;
        Check(got.SequenceEqual(sent), $"{size} bytes are {got.Length} others");
    }

    // ---- What is tried ----

    static async Task Exchange(string mode, int[] sizes)
    {
        using (var pipe = Open(mode))
            foreach (int size in sizes)
                await Echo(pipe, mode, size);
    }

    static async Task OneOfCrowd(string mode, int rounds)
    {
        using (var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous))
        {
            await pipe.ConnectAsync(Deadline);
            if (mode == "message")
                pipe.ReadMode = PipeTransmissionMode.Message;
            for (int i = 1; i <= rounds; i++)
                await Echo(pipe, mode, 100 * i);
        }
    }

    static Task Crowd(string mode, int count, int rounds)
    {
        return Task.WhenAll(Enumerable.Range(0, count).Select(i => OneOfCrowd(mode, rounds)));
    }

    // Messages that wait together are told apart.
    static async Task Boundaries(int count)
    {
        using (var pipe = Open("message"))
        {
            for (int i = 0; i < count; i++)
                await Send(pipe, "message", Pattern(100 * i + 1));
            for (int i = 0; i < count; i++)
                Check((await TakeMessage(pipe)).Length == 100 * i + 1, $"the length of message {i}");
        }
    }

    // Reads nothing until it is told to, when the server has gone.
    static async Task Late(int size)
    {
        using (var pipe = Open("stream"))
        {
            byte[] sent = Pattern(size);
            await pipe.WriteAsync(sent, 0, size);
            Console.WriteLine("waiting");
            Console.ReadLine();
            byte[] got = await Take(pipe, size + 1);
            Check(got.SequenceEqual(sent), $"{size} bytes are {got.Length} others");
        }
    }

    // A write of no bytes is none.
    static async Task Empty()
    {
        using (var pipe = Open("message"))
        {
            await Send(pipe, "message", new byte[0]);
            await Echo(pipe, "message", 10);
        }
    }

    static async Task FailsToSend(NamedPipeClientStream pipe)
    {
        try
        {
            await Send(pipe, "message", Pattern(10));
        }
        catch (IOException)
        {
            return;
        }
        throw new Exception("the server has not closed");
    }

    // The server's end of sending is a read of no bytes, and the pipe is still there.
    static async Task Half()
    {
        using (var pipe = Open("message"))
        {
            await Echo(pipe, "message", 10);
            await Send(pipe, "message", new[] { (byte)'e', (byte)'n', (byte)'d' });
            Check(await pipe.ReadAsync(new byte[10], 0, 10) == 0, "the end is 0 bytes");
            Check(pipe.IsConnected, "the pipe is still there after the end");
            await Send(pipe, "message", "leave".Select(c => (byte)c).ToArray());
            Check(await pipe.ReadAsync(new byte[10], 0, 10) == 0, "nothing comes after the end");
            await FailsToSend(pipe);
        }
    }

    static Task Try(string what, string[] given)
    {
        switch (what)
        {
            case "exchange": return Exchange(given[0], given.Skip(1).Select(int.Parse).ToArray());
            case "crowd": return Crowd(given[0], int.Parse(given[1]), int.Parse(given[2]));
            case "boundaries": return Boundaries(int.Parse(given[0]));
            case "late": return Late(int.Parse(given[0]));
            case "empty": return Empty();
            case "half": return Half();
            default: throw new ArgumentException(what);
        }
    }

    static int Main(string[] arguments)
    {
        name = arguments[0].Substring(arguments[0].LastIndexOf('\\') + 1);
        try
        {
            Try(arguments[1], arguments.Skip(2).ToArray()).GetAwaiter().GetResult();
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error);
            return 1;
        }
    }
}
