using System.Text;
using RenderFarm.Shared;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Rendering.Supervision;

namespace RenderFarm.Worker.Tests.Rendering.Supervision;

public sealed class ProcessEndTests
{
    private static readonly Ending Hung = new("hung and was killed: it had done no step for 00:10:00", IsOrdered: false);

    public static TheoryData<int, string, bool, ErrorClass, string> Ends => new()
    {
        { 0, "", false, ErrorClass.Crash, "ended without a result (exit code 0)" },
        { 1, "", false, ErrorClass.Crash, "ended with exit code 1" },
        { 132, "", false, ErrorClass.Crash, "was ended by SIGILL" },
        { 134, "", false, ErrorClass.Crash, "was ended by SIGABRT" },
        { 135, "", false, ErrorClass.Crash, "was ended by SIGBUS" },
        { 136, "", false, ErrorClass.Crash, "was ended by SIGFPE" },
        { 137, "", false, ErrorClass.Crash, "was ended by SIGKILL" },
        { 139, "", false, ErrorClass.Crash, "was ended by SIGSEGV" },
        { 137, "", true, ErrorClass.OutOfMemory, "was killed by the kernel because memory ran out (SIGKILL)" },
        { 139, "", true, ErrorClass.Crash, "was ended by SIGSEGV" },
        { 134, "Out of memory.\n", false, ErrorClass.OutOfMemory, "was ended by SIGABRT" },
        { 134, "Unhandled exception. System.OutOfMemoryException: ...", false, ErrorClass.OutOfMemory, "was ended by SIGABRT" },
        { 137, "Failed to create CoreCLR, HRESULT: 0x8007000E", false, ErrorClass.OutOfMemory, "was ended by SIGKILL" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void An_end_says_whose_fault_it_is(int exitCode, string said, bool hasMemoryRunOut, ErrorClass errorClass, string words)
    {
        var fault = new ProcessEnd(exitCode, null, hasMemoryRunOut, said).FaultOf("emoji");
        Assert.Equal((errorClass, errorClass == ErrorClass.Crash ? AttemptOutcome.Crashed : AttemptOutcome.OutOfMemory), (fault.ErrorClass!.Value, fault.Outcome));
        Assert.Contains($"The render process {words} while it rendered with the model 'emoji'", fault.Message, StringComparison.Ordinal);
        Assert.StartsWith($"The render process {words}. It wrote", fault.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hang_is_a_crash_whatever_the_kernel_counted_and_an_ordered_end_is_nobodys_fault()
    {
        var hung = new ProcessEnd(137, Hung, HasMemoryRunOut: true, "std::bad_alloc").FaultOf("emoji");
        Assert.Equal((AttemptOutcome.Crashed, ErrorClass.Crash), (hung.Outcome, hung.ErrorClass));
        Assert.Contains(Hung.Words, hung.Message, StringComparison.Ordinal);
        Assert.Equal(RowFault.Stopped, new ProcessEnd(137, Hung with { IsOrdered = true }, HasMemoryRunOut: false, "").FaultOf("emoji"));
    }

    [Fact]
    public void Evidence_holds_the_end_of_what_was_written_and_nothing_that_databases_refuse()
    {
        var tail = new StderrTail();
        tail.Add(Encoding.UTF8.GetBytes(new string('é', 10_000)));
        tail.Add("last\0 words"u8);
        var evidence = new ProcessEnd(139, null, false, tail.ToString()).Evidence;
        Assert.StartsWith("The render process was ended by SIGSEGV. It wrote:\né", evidence, StringComparison.Ordinal);
        Assert.EndsWith("élast words", evidence, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(evidence), StderrTail.Most - 4, StderrTail.Most);
        tail.Clear();
        Assert.Equal("The render process was ended by SIGSEGV. It wrote nothing to standard error.", new ProcessEnd(139, null, false, tail.ToString()).Evidence);
    }
}
