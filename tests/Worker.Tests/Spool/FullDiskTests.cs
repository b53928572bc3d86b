using System.Diagnostics;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Spool;

public sealed class FullDiskTests
{
    [Fact]
    public async Task A_disk_that_refuses_pictures_blames_nobody_and_drains_the_worker_until_it_takes_them_again()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), "Only root can mount a small disk.");
        using var folder = new TemporaryFolder();
        Run("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder.Path);
        try
        {
            await RenderOnAsync(folder);
        }
        finally
        {
            Run("umount", "--lazy", folder.Path);
        }
    }

    private static async Task RenderOnAsync(TemporaryFolder folder)
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:Spool", folder.File("spool")), ("Worker:SpoolFreeMiB", "0"));
        await File.WriteAllBytesAsync(folder.File("filler"), new byte[(3 << 20) - (64 << 10)], TestContext.Current.CancellationToken);
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5, 6, 7, 8], settings => settings with { Width = 256, Height = 256 }));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>(message => message.AttemptId == lease.AttemptId);
        Assert.Equal(ErrorClass.Infrastructure, ended.ErrorClass);
        Assert.Contains("No space left", ended.Message, StringComparison.Ordinal);
        var draining = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.IsDraining);
        Assert.Contains("Worker:Spool", draining.DrainReason, StringComparison.Ordinal);

        File.Delete(folder.File("filler"));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => !beat.IsDraining && beat.Sequence > draining.Sequence);
        var next = await bench.OfferAsync(bench.Lease([9], settings => settings with { Width = 256, Height = 256 }));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
