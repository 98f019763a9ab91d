<?php
/*
 * A server of sabre/dav 4, for `php -S`: one user, calendars and address books in a file of SQLite.
 *
 * SABRE is a folder with vendor/autoload.php, ROOM one to write to. What would be sent by mail (invitations and answers to them) is
 * written to ROOM/sent, one line each. The user has the address that the header field Schedule-Address of a request names.
 */

declare(strict_types=1);

require getenv('SABRE') . '/vendor/autoload.php';

use Sabre\CalDAV;
use Sabre\CardDAV;
use Sabre\DAV;
use Sabre\DAVACL;

final class OneUser extends DAVACL\PrincipalBackend\AbstractBackend
{
    private function user(): array
    {
        return [
            'uri' => 'principals/u',
            '{DAV:}displayname' => 'u',
            '{http://sabredav.org/ns}email-address' => $_SERVER['HTTP_SCHEDULE_ADDRESS'] ?? 'u@example.org',
        ];
    }

    public function getPrincipalsByPrefix($prefix)
    {
        return $prefix === 'principals' ? [$this->user()] : [];
    }

    public function getPrincipalByPath($path)
    {
        return $path === 'principals/u' ? $this->user() : null;
    }

    public function updatePrincipal($path, DAV\PropPatch $patch)
    {
    }

    public function searchPrincipals($prefix, array $properties, $test = 'allof')
    {
        $asked = $properties['{http://sabredav.org/ns}email-address'] ?? null;
        return $asked === $this->user()['{http://sabredav.org/ns}email-address'] ? ['principals/u'] : [];
    }

    public function getGroupMemberSet($principal)
    {
        return [];
    }

    public function getGroupMembership($principal)
    {
        return [];
    }

    public function setGroupMemberSet($principal, array $members)
    {
    }
}

final class RecordingTransport extends CalDAV\Schedule\IMipPlugin
{
    protected function mail($to, $subject, $body, array $headers)
    {
        file_put_contents(getenv('ROOM') . '/sent', "$to $subject\n", FILE_APPEND);
    }
}

$database = new PDO('sqlite:' . getenv('ROOM') . '/database');
$database->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$database->exec('PRAGMA synchronous = OFF');
$tables = [
    'calendarobjects' => 'calendardata BLOB, uri TEXT, calendarid INTEGER, lastmodified INTEGER, etag TEXT, size INTEGER, componenttype TEXT,
        firstoccurence INTEGER, lastoccurence INTEGER, uid TEXT',
    'calendars' => 'synctoken INTEGER DEFAULT 1, components TEXT',
    'calendarinstances' => 'calendarid INTEGER, principaluri TEXT, access INTEGER DEFAULT 1, displayname TEXT, uri TEXT, description TEXT,
        calendarorder INTEGER, calendarcolor TEXT, timezone TEXT, transparent BOOL, share_href TEXT, share_displayname TEXT,
        share_invitestatus INTEGER DEFAULT 2',
    'calendarchanges' => 'uri TEXT, synctoken INTEGER, calendarid INTEGER, operation INTEGER',
    'calendarsubscriptions' => 'uri TEXT, principaluri TEXT, source TEXT, displayname TEXT, refreshrate TEXT, calendarorder INTEGER,
        calendarcolor TEXT, striptodos BOOL, stripalarms BOOL, stripattachments BOOL, lastmodified INTEGER',
    'schedulingobjects' => 'principaluri TEXT, calendardata BLOB, uri TEXT, lastmodified INTEGER, etag TEXT, size INTEGER',
    'addressbooks' => 'principaluri TEXT, displayname TEXT, uri TEXT, description TEXT, synctoken INTEGER DEFAULT 1',
    'cards' => 'addressbookid INTEGER, carddata BLOB, uri TEXT, lastmodified INTEGER, etag TEXT, size INTEGER',
    'addressbookchanges' => 'uri TEXT, synctoken INTEGER, addressbookid INTEGER, operation INTEGER',
];
foreach ($tables as $name => $columns) {
    $database->exec("CREATE TABLE IF NOT EXISTS $name (id INTEGER PRIMARY KEY, $columns)");
}

$users = new OneUser();
$server = new DAV\Server([
    new CalDAV\Principal\Collection($users),
    new CalDAV\CalendarRoot($users, new CalDAV\Backend\PDO($database)),
    new CardDAV\AddressBookRoot($users, new CardDAV\Backend\PDO($database)),
]);
$server->setBaseUri('/');
$server->addPlugin(new DAV\Auth\Plugin(new DAV\Auth\Backend\BasicCallBack(fn () => true)));
$server->addPlugin(new DAVACL\Plugin());
$server->addPlugin(new CalDAV\Plugin());
$server->addPlugin(new CalDAV\Schedule\Plugin());
$server->addPlugin(new RecordingTransport('u@example.org'));
$server->addPlugin(new CardDAV\Plugin());
$server->start();
