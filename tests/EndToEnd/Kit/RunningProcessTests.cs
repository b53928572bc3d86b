using System.Diagnostics;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Kit;

public sealed class RunningProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_is_stopped_goes_on_and_is_killed()
    {
        using var process = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;
        Assert.True(RunningProcess.IsRunning(process.Id));
        Assert.InRange(RunningProcess.ResidentBytes(process.Id), 1, 1L << 30);
        Assert.True(RunningProcess.Signal(process.Id, ProcessSignal.Stop));
        await Eventually.IsAsync(() => Task.FromResult(RunningProcess.IsStopped(process.Id)), x => x, Patience, null, Cancellation);
        Assert.True(RunningProcess.Signal(process.Id, ProcessSignal.Continue));
        await Eventually.IsAsync(() => Task.FromResult(RunningProcess.IsStopped(process.Id)), x => !x, Patience, null, Cancellation);
        Assert.True(RunningProcess.Signal(process.Id, ProcessSignal.Kill));
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(128 + (int)ProcessSignal.Kill, process.ExitCode);
        Assert.False(RunningProcess.IsRunning(process.Id));
        Assert.False(RunningProcess.Signal(process.Id, ProcessSignal.Continue));
    }

    [Fact]
    public async Task Children_of_a_process_are_found_the_oldest_first()
    {
        var start = new ProcessStartInfo("bash", ["-c", "cat <&0 & cat <&0 & echo \"$(jobs -p | tr '\\n' ' ')\"; wait"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = (await process.StandardOutput.ReadLineAsync(Cancellation))!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToList();
        Assert.Equal(2, said.Count);
        await Eventually.IsAsync(() => Task.FromResult(RunningProcess.ChildrenOf(process.Id)), x => x.SequenceEqual(said), Patience, null, Cancellation);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancellation);
        Assert.Empty(RunningProcess.ChildrenOf(process.Id));
    }
}
