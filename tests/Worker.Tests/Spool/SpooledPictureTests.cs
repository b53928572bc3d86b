using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Tests.Spool;

public sealed class SpooledPictureTests
{
    private static readonly LeaseMark Lease = new(Guid.NewGuid(), Guid.NewGuid(), 7, "acme", "webp");

    [Theory]
    [InlineData(0, 0)]
    [InlineData(999_999, -5_000_000_000)]
    [InlineData(long.MaxValue, long.MinValue)]
    public void The_name_of_its_file_tells_everything_of_a_picture(long index, long seed)
    {
        var picture = new SpooledPicture(Lease, index, new PictureFacts(seed, new string('a', 64), long.MaxValue, 16384, 16384, int.MaxValue), Path.GetTempPath().TrimEnd('/'));
        Assert.InRange(Path.GetFileName(picture.File).Length, 1, 255);
        Assert.Equal(picture, SpooledPicture.Parse(Lease, picture.File));
        Assert.Equal(Lease.AttemptId, SpooledPicture.AttemptOf(picture.File));
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("12.png")]
    [InlineData("{0}.1.webp")]
    [InlineData("{0}.1.2.64x64.5.6.aa.png")]
    [InlineData("{0}.1.2.64.5.6.aa.webp")]
    [InlineData("{0}.x.2.64x64.5.6.aa.webp")]
    [InlineData("{1}.1.2.64x64.5.6.aa.webp")]
    public void Another_name_is_no_picture_of_the_lease(string name) =>
        Assert.Null(SpooledPicture.Parse(Lease, Path.Combine(Path.GetTempPath(), name.Replace("{0}", $"{Lease.AttemptId:N}", StringComparison.Ordinal).Replace("{1}", $"{Guid.NewGuid():N}", StringComparison.Ordinal))));
}
