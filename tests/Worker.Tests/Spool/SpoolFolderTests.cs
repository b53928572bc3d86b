using System.Security.Cryptography;
using RenderFarm.TestKit;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Tests.Spool;

public sealed class SpoolFolderTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly LeaseMark _lease = new(Guid.NewGuid(), Guid.NewGuid(), 7, "acme", "png");

    public void Dispose() => _root.Dispose();

    [Fact]
    public void What_a_process_left_is_read_by_the_next_one()
    {
        var left = Leave(folder =>
        {
            folder.WriteMark(_lease);
            Keep(folder, 1);
            Keep(folder, 2);
        });
        using var taken = SpoolFolder.TryTake(left)!;
        var content = taken.Read();
        Assert.Empty(content.Damaged);
        Assert.Equal([1, 2], content.Pictures.Select(picture => picture.Index).Order());
        Assert.All(content.Pictures, picture => Assert.Equal((_lease, left), (picture.Lease, picture.Folder)));
    }

    [Fact]
    public void A_picture_that_was_not_finished_is_deleted_and_a_mark_without_pictures_too()
    {
        var left = Leave(folder =>
        {
            folder.WriteMark(_lease);
            File.WriteAllText(folder.PlaceOf(_lease.AttemptId, 3, "png"), "complete, but nothing is known of it");
            File.WriteAllText(folder.PlaceOf(_lease.AttemptId, 4, "png") + ".part", "to");
        });
        using (var taken = SpoolFolder.TryTake(left)!)
        {
            var content = taken.Read();
            Assert.Empty(content.Pictures);
            Assert.Empty(content.Damaged);
        }

        Assert.False(Directory.Exists(left));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"jobId\":")]
    [InlineData("{}")]
    [InlineData("null")]
    public void A_torn_mark_puts_the_pictures_of_its_lease_aside(string text)
    {
        var left = Leave(folder =>
        {
            folder.WriteMark(_lease);
            Keep(folder, 1);
            File.WriteAllText(Directory.GetFiles(folder.Path, "*.lease.json").Single(), text);
        });
        using var taken = SpoolFolder.TryTake(left)!;
        var content = taken.Read();
        Assert.Empty(content.Pictures);
        Assert.Equal(2, content.Damaged.Count);
        Assert.All(content.Damaged, file => Assert.True(File.Exists(file)));
        Assert.All(content.Damaged, file => Assert.Equal("damaged", Path.GetFileName(Path.GetDirectoryName(file))));
    }

    [Fact]
    public void A_picture_of_another_size_is_put_aside_and_the_others_stay()
    {
        var left = Leave(folder =>
        {
            folder.WriteMark(_lease);
            Keep(folder, 1);
            File.AppendAllText(Keep(folder, 2).File, "more");
        });
        using var taken = SpoolFolder.TryTake(left)!;
        var content = taken.Read();
        Assert.Equal(1, Assert.Single(content.Pictures).Index);
        Assert.Single(content.Damaged);
    }

    [Fact]
    public void A_picture_is_not_kept_when_the_disk_refused_the_mark_of_its_lease()
    {
        using var folder = SpoolFolder.Create(_root.Path, "one");
        Directory.CreateDirectory(Path.Combine(folder.Path, $"{_lease.AttemptId:N}.lease.json"));
        folder.WriteMark(_lease);
        Assert.ThrowsAny<SystemException>(() => Keep(folder, 1));
        Assert.True(File.Exists(folder.PlaceOf(_lease.AttemptId, 1, "png")));
    }

    [Fact]
    public void Only_the_latest_damaged_files_are_kept()
    {
        using var folder = SpoolFolder.Create(_root.Path, "one");
        for (var file = 0; file < 40; file++)
        {
            var path = Path.Combine(folder.Path, $"{file}");
            File.WriteAllText(path, "damaged");
            folder.PutAside(path);
        }

        Assert.Equal(32, Directory.GetFiles(Path.Combine(_root.Path, "damaged")).Length);
        Assert.Equal([folder.Path], SpoolFolder.Below(_root.Path));
    }

    [Fact]
    public void A_folder_that_a_process_holds_is_not_taken_and_an_empty_one_goes_with_its_process()
    {
        var folder = SpoolFolder.Create(_root.Path, "one");
        Assert.Null(SpoolFolder.TryTake(folder.Path));
        folder.Dispose();
        Assert.Empty(SpoolFolder.Below(_root.Path));
        Assert.Null(SpoolFolder.TryTake(folder.Path));
    }

    private string Leave(Action<SpoolFolder> fill)
    {
        using var folder = SpoolFolder.Create(_root.Path, "left");
        fill(folder);
        return folder.Path;
    }

    private SpooledPicture Keep(SpoolFolder folder, long index)
    {
        var bytes = RandomNumberGenerator.GetBytes(100);
        File.WriteAllBytes(folder.PlaceOf(_lease.AttemptId, index, "png"), bytes);
        return folder.Keep(_lease, index, new PictureFacts(index, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, 64, 64, 5));
    }
}
