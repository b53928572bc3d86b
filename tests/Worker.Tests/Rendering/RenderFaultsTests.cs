using RenderFarm.Diffusion.Models;
using RenderFarm.Shared;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Tests.Rendering;

public sealed class RenderFaultsTests
{
    public static TheoryData<Exception, AttemptOutcome, ErrorClass> Faults => new()
    {
        { new InsufficientMemoryException("no more"), AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory },
        { new InvalidOperationException("outer", new InsufficientMemoryException()), AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory },
        { new ModelFolderException("/models/x", "unet/model.onnx", "It is missing.", "Put it back."), AttemptOutcome.Failed, ErrorClass.Worker },
        { new IOException("disk"), AttemptOutcome.Failed, ErrorClass.Worker },
    };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void An_error_says_whose_fault_it_is(Exception error, AttemptOutcome outcome, ErrorClass errorClass)
    {
        var failure = RenderFaults.Classify(error, "emoji", "cpu");
        Assert.Equal((outcome, errorClass), (failure.Outcome, failure.ErrorClass));
        Assert.Contains(error.Message, failure.Message, StringComparison.Ordinal);
    }
}
